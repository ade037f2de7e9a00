#pragma once
/// The image types of PyRadiomics: what its filters make of the image, around the region.

#include <string>
#include <vector>

#include "photo51/radiomics/pyradiomics.hpp"
#include "radiomics/filters/patch.hpp"

namespace photo51::radiomics::pyradiomics {

struct DerivedImage {
  std::string name;  ///< log-sigma-3-0-mm-3D
  ImageTypeLevels levels;
  std::vector<double> values;  ///< z, y, x of the window
};

/// All that `settings.image_type` ask for but Original, on `window`. `image` is whole; `source` names it.
/// Errors (data): intensities that are not finite, or all 0 where a type scales by the largest; an image too
/// small for LoG.
std::vector<DerivedImage> derived_images(const Patch& image, const Window& window,
                                         const Pyradiomics& settings, const std::string& source);

/// Of the stationary wavelet transform, by its bands' letters in PyRadiomics's order, level by level; the
/// approximation of the last level is the last.
std::vector<DerivedImage> wavelet_images(const Patch& image, const Window& window,
                                         const Pyradiomics& settings);

}  // namespace photo51::radiomics::pyradiomics

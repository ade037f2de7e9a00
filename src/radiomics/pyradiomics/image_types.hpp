#pragma once
/// The image types of PyRadiomics: what its filters make of the image, around the region.

#include <string>
#include <vector>

#include "photo51/radiomics/pyradiomics/pyradiomics.hpp"
#include "radiomics/filters/patch.hpp"
#include "radiomics/region/region.hpp"

namespace photo51::radiomics::pyradiomics {

struct DerivedImage {
  std::string name;  ///< log-sigma-3-0-mm-3D
  ImageTypeLevels levels;
  std::vector<double> values;  ///< z, y, x of the window
  bool single = false;         ///< float32 in PyRadiomics
};

/// What image types are made of. `image` is whole, `window` is the region's box in it.
struct Scene {
  const Patch& image;
  const Window& window;
  const Region& region;  ///< in the window
  bool single;           ///< the image is float32
  bool whole;            ///< of whole numbers
  std::string source;    ///< its name
};
/// All that `settings.image_type` ask for but Original, on the window. Errors (data): intensities that are
/// not finite where the type looks, or all 0 where it scales by the largest; an image too small for LoG.
std::vector<DerivedImage> derived_images(const Scene& scene, const Pyradiomics& settings);

/// Of the stationary wavelet transform, by its bands' letters in PyRadiomics's order, level by level; the
/// approximation of the last level is the last.
std::vector<DerivedImage> wavelet_images(const Scene& scene, const Pyradiomics& settings);

/// Codes of 0 and 1 for the points of a circle that are lower than the voxel, or not, as scikit-image makes
/// them, slice by slice across `force2Ddimension`.
DerivedImage lbp_image(const Scene& scene, const Pyradiomics& settings);
/// For each degree of spherical harmonics the norm of its part of the same code on a sphere, then the
/// intensities' kurtosis there; 0 outside the region.
std::vector<DerivedImage> spherical_lbp_images(const Scene& scene, const Pyradiomics& settings);

}  // namespace photo51::radiomics::pyradiomics

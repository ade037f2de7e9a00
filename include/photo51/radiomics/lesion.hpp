#pragma once
/// Hand-made descriptors of one lesion: where it lies in the head, its size, shape and intensities.

#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::radiomics {

/// Names in the order of `lesion_descriptors`; intensity descriptors once a channel (`flair_mean`).
std::vector<std::string> lesion_descriptor_names(const std::vector<std::string>& channels);

/// `image` [C, D, H, W] float32 raw intensities in LPS axes and `mask` [1, D, H, W] (non-zero = lesion) on
/// one grid. NaN where a descriptor is undefined (absent channel). Error (data) when the mask is empty.
std::vector<double> lesion_descriptors(const imaging::Volume& image, const std::vector<bool>& channel_present,
                                       const imaging::Volume& mask);

}  // namespace photo51::radiomics

#pragma once
/// The model's channels that one image file gives.

#include <string>
#include <vector>

#include "photo51/data/modality/image.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::data {

/// One volume of one channel each, for `planes` (FileModality). Error (data): other channels than expected.
std::vector<imaging::Volume> planes_of(imaging::Volume volume, ColorMode color,
                                       const std::vector<std::string>& planes);

}  // namespace photo51::data

#pragma once
/// Where the patches of training lie.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "photo51/core/random.hpp"
#include "photo51/data/load/case.hpp"
#include "photo51/data/modality/image.hpp"
#include "photo51/preprocess/augment/augment.hpp"

namespace photo51::data {

/// Places of the classes in a map uint8 [1, D, H, W]: by class that occurs, the background excepted, places
/// as their number in memory; of a large class so many, drawn at random.
using ClassPlaces = std::vector<std::vector<int64_t>>;
inline constexpr int64_t most_places = 10'000;
ClassPlaces class_places(const at::Tensor& map, core::Random random);

/// A patch of an image of `size` (x, y, z). With probability `foreground`, where any of `places` has a class,
/// its middle is a place of one of them, drawn so that classes come equally often; else it lies anywhere. It
/// stays inside the image along axes that are as long; along others the image lies in its middle.
preprocess::Patch draw_patch(const PatchOptions& options, const std::array<int64_t, 3>& size,
                             const std::vector<const ClassPlaces*>& places, core::Random random);

}  // namespace photo51::data

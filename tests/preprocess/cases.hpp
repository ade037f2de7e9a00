#pragma once
/// Small volumes whose every voxel tells where it lies.

#include <ATen/ATen.h>

#include <array>
#include <optional>
#include <vector>

#include "photo51/imaging/volume.hpp"
#include "preprocess/geometry/affine.hpp"

namespace photo51::test {

using Channels = std::vector<std::optional<imaging::Volume>>;

inline imaging::Volume volume(at::Tensor voxels, imaging::Geometry geometry = {}) {
  imaging::Volume made;
  made.data = voxels.dim() == 3 ? voxels.unsqueeze(0) : voxels;
  geometry.size = {made.data.size(3), made.data.size(2), made.data.size(1)};
  made.geometry = geometry;
  return made;
}

/// Every voxel holds 1000 + a . world: linear in mm, so that resampling anywhere has a known answer.
inline double field(const std::array<double, 3>& world) {
  return 1000 + 3 * world[0] - 2 * world[1] + 5 * world[2];
}

inline imaging::Volume world_field(const imaging::Geometry& geometry) {
  auto voxels = at::empty({geometry.size[2], geometry.size[1], geometry.size[0]});
  const auto to_world = preprocess::world_of(geometry);
  for (int64_t z = 0; z < geometry.size[2]; ++z)
    for (int64_t y = 0; y < geometry.size[1]; ++y)
      for (int64_t x = 0; x < geometry.size[0]; ++x)
        voxels[z][y][x] = field(preprocess::transform(to_world, {double(x), double(y), double(z)}));
  return volume(voxels, geometry);
}

/// The largest difference between `values` [D, H, W] and the field at their places, and how many voxels were
/// compared: those away from NaN and 0.
inline std::pair<double, int64_t> field_error(const at::Tensor& values, const imaging::Geometry& geometry) {
  const auto expected = world_field(geometry).data[0];
  const auto inside = values.ne(0);
  const auto difference = (values - expected).abs().masked_select(inside);
  return {difference.numel() > 0 ? difference.max().item<double>() : 0.0, difference.numel()};
}

}  // namespace photo51::test

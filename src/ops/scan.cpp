#include "photo51/ops/scan.hpp"

#include <ATen/ATen.h>

#include <string>

#include "ops/cpu/scan.hpp"
#include "ops/voxel_types.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {
namespace {

std::optional<Box> find(const at::Tensor& volume, std::optional<double> threshold) {
  if (!volume.defined() || (volume.dim() != 3 && volume.dim() != 4))
    core::fail_usage("box: takes [C, D, H, W] or [D, H, W]");
  const auto voxels = (volume.dim() == 3 ? volume.unsqueeze(0) : volume).contiguous();
  const std::array<int64_t, 3> size{voxels.size(3), voxels.size(2), voxels.size(1)};
  return with_voxel_type(voxels.scalar_type(), "box", [&](auto voxel) {
    return cpu::find_box(voxels.const_data_ptr<decltype(voxel)>(), voxels.size(0), size, threshold);
  });
}

}  // namespace

std::optional<Box> box_above(const at::Tensor& volume, double threshold) {
  return find(volume, threshold);
}

std::optional<Box> box_nonzero(const at::Tensor& volume) {
  return find(volume, std::nullopt);
}

int64_t count_nonfinite(const at::Tensor& volume) {
  const auto voxels = volume.contiguous();
  if (voxels.scalar_type() == at::kFloat)
    return cpu::count_nonfinite(voxels.const_data_ptr<float>(), voxels.numel());
  if (voxels.scalar_type() == at::kDouble)
    return cpu::count_nonfinite(voxels.const_data_ptr<double>(), voxels.numel());
  return 0;
}

}  // namespace photo51::ops

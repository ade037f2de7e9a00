#pragma once
/// One pass over a volume in its stored type: where it is bright, whether it is sound.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>

namespace photo51::ops {

/// First and last voxel, inclusive, along x, y, z.
struct Box {
  std::array<int64_t, 3> low{}, high{};
};

/// The box of all voxels above `threshold` in any channel of [C, D, H, W] or [D, H, W]; nothing when there is
/// none. Types as for `resample`; Error (usage) for another.
std::optional<Box> box_above(const at::Tensor& volume, double threshold);
/// The box of all voxels that are not 0.
std::optional<Box> box_nonzero(const at::Tensor& volume);

/// How many voxels are NaN or infinite; 0 for integer types.
int64_t count_nonfinite(const at::Tensor& volume);

}  // namespace photo51::ops

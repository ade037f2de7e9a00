#pragma once
/// Co-occurrence and run matrices of a region whose levels are in tensors.

#include <ATen/core/Tensor.h>

#include <vector>

#include "ops/cuda/texture.hpp"

namespace photo51::ops::cuda {

/// `row` int32 and `voxels` int64, contiguous, as LevelRows has them. Returns [directions, rows, columns],
/// int32 on their device: on a GPU the kernel's; on the CPU the same threads one after the other, for tests.
/// Errors (run): no libphoto51_cuda beside libphoto51, a kernel that fails.
at::Tensor count_texture(TextureMatrix matrix, const at::Tensor& row, const at::Tensor& voxels,
                         const std::vector<int64_t>& offsets, int64_t rows, int64_t columns);

}  // namespace photo51::ops::cuda

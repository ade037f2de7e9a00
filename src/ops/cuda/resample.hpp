#pragma once
/// ops::resample for tensors on a GPU: prepares what the kernels of libphoto51_cuda take and calls them.

#include <ATen/core/Tensor.h>

#include "ops/cuda/warp.hpp"
#include "photo51/ops/resample.hpp"

namespace photo51::ops::cuda {

/// `input` and `output` [C, D, H, W], contiguous, on one GPU. Errors: usage (antialias, which only the CPU
/// has), run (no libphoto51_cuda beside libphoto51, a kernel that fails).
void resample(at::Tensor& output, const at::Tensor& input, const AffineMap& map,
              const ResampleOptions& options);

/// The map for an input of [C, D, H, W] voxels; cubic: the padding that coefficients need is in `in` and
/// padded_*. `control` is left null.
Warp make_warp(at::IntArrayRef input, at::IntArrayRef output, const AffineMap& map,
               const ResampleOptions& options);

/// The input with `warp`'s padding, float32: what is filtered into coefficients.
at::Tensor with_padding(const at::Tensor& input, const Warp& warp);

}  // namespace photo51::ops::cuda

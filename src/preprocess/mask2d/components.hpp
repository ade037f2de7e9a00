#pragma once
/// Connected pieces of a binary picture.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace photo51::preprocess {

/// Clears 8-connected pieces of fewer than `pixels` pixels; `mask` is contiguous bool [H, W].
void drop_pieces(at::Tensor& mask, int64_t pixels);

}  // namespace photo51::preprocess

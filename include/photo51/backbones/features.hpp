#pragma once
/// What every image network yields; tokens, pooling and the skips of decoders are made of it.

#include <ATen/core/Tensor.h>

#include <vector>

namespace photo51::backbones {

struct Features {
  std::vector<at::Tensor> stages;  ///< finest first, [B, C_i, ([D_i,] H_i, W_i)]; at least one
  at::Tensor prefix = {};          ///< [B, P, D] of the whole image (a class token first), undefined: none
};

/// A stage [B, C, ...] as [B, N, C]: one token a place, x fastest. A view where strides allow.
at::Tensor place_tokens(const at::Tensor& stage);

}  // namespace photo51::backbones

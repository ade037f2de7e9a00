#pragma once
/// What every image network yields; tokens, pooling and the skips of decoders are made of it.

#include <ATen/core/Tensor.h>

#include <vector>

#include "photo51/backbones/tokens.hpp"

namespace photo51::backbones {

struct Features {
  std::vector<at::Tensor> stages;  ///< finest first, [B, C_i, ([D_i,] H_i, W_i)]; at least one
  at::Tensor prefix = {};          ///< [B, P, D] of the whole image (a class token first), undefined: none
  AuxiliaryLosses losses = {};     ///< what the network's modules ask for beside the heads' losses
};

/// A stage [B, C, ...] as [B, N, C]: one token a place, x fastest. A view where strides allow.
at::Tensor place_tokens(const at::Tensor& stage);
/// [N, dims] where the places of a stage are in the image [B, C, ...], ([z,] y, x) in its voxels, the order
/// of `place_tokens`: the middles of the equal parts into which the stage cuts the image, 0 the middle of its
/// first voxel. float32, on the stage's device, without gradient.
at::Tensor place_positions(const at::Tensor& stage, const at::Tensor& image);

}  // namespace photo51::backbones

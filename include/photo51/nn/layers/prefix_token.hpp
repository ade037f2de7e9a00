#pragma once
/// Learned tokens of the whole image before those of its places: a class token (Dosovitskiy et al., An image
/// is worth 16x16 words, ICLR 2021), registers (Darcet et al., Vision transformers need registers, ICLR
/// 2024).

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

/// Of a parameter [1, P, D], tokens [B, N, D] -> [B, P + N, D].
class PrefixToken : public OuterParameterLayer {
 public:
  using OuterParameterLayer::OuterParameterLayer;
  at::Tensor forward(const at::Tensor& tokens) const;
};

}  // namespace photo51::nn

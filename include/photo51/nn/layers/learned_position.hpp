#pragma once
/// A learned vector of its place added to each token (Dosovitskiy et al., An image is worth 16x16 words, ICLR
/// 2021).

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

/// Of a parameter [1, N, D], tokens [B, N, D] -> the same.
class LearnedPosition : public OuterParameterLayer {
 public:
  using OuterParameterLayer::OuterParameterLayer;
  at::Tensor forward(const at::Tensor& tokens) const;
};

}  // namespace photo51::nn

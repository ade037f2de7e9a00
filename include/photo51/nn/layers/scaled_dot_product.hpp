#pragma once
/// softmax(Q K^T / sqrt(d)) V of each head (Vaswani et al., Attention is all you need, NeurIPS 2017): Q [B,
/// heads, N, d], K and V [B, heads, M, d] -> [B, heads, N, d].

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

/// A fused kernel computes it and never holds the attention. While a Capture records this layer it is
/// computed step by step, the same but for rounding, and what is reported is the attention [B, heads, N, M],
/// before dropout, with the products before the softmax as input.
class ScaledDotProduct : public Layer {
 public:
  /// `dropout` of the attention in training.
  explicit ScaledDotProduct(double dropout = 0) : dropout_(dropout) {}
  at::Tensor forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const;

 private:
  double dropout_;
};

}  // namespace photo51::nn

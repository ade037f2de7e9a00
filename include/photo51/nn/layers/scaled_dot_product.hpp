#pragma once
/// softmax(Q K^T / sqrt(d) + bias) V of each head (Vaswani et al., Attention is all you need, NeurIPS 2017):
/// Q [B, heads, N, d], K and V [B, heads, M, d] -> [B, heads, N, d]; of windows W, each of which sees itself
/// alone, Q [B, W, heads, N, d] and so on.

#include <optional>

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

/// A fused kernel computes it and never holds the attention. While a Capture records this layer it is
/// computed step by step, the same but for rounding, and what is reported is the attention [B, (W,) heads, N,
/// M], before dropout, with the products before the softmax, bias included, as input.
class ScaledDotProduct : public Layer {
 public:
  /// `dropout` of the attention in training; `scale` of the products, not given: 1 / sqrt(d).
  explicit ScaledDotProduct(double dropout = 0, std::optional<double> scale = std::nullopt)
      : dropout_(dropout), scale_(scale) {}
  /// `bias` is undefined, or broadcastable to [B, heads, N, M]; of windows to [W, heads, N, M].
  at::Tensor forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const at::Tensor& bias = {}) const;

 private:
  at::Tensor fused(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                   const std::optional<at::Tensor>& bias) const;

  double dropout_;
  std::optional<double> scale_;
};

}  // namespace photo51::nn

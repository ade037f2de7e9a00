#pragma once
/// Multi-head self-attention (Vaswani et al., Attention is all you need, NeurIPS 2017) with the names and
/// initial values of torch.nn.MultiheadAttention: softmax(Q K^T / sqrt(D / heads)) V a head. [B, N, D] -> the
/// same.

#include <memory>

#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/scaled_dot_product.hpp"

namespace photo51::nn {

/// `weight` and `bias`, registered as `in_proj_weight` and `in_proj_bias`, make Q, K and V, and the slot's
/// adapter is theirs. A Capture has, beside the layer's own output, Q, K and V [B, N, 3 D] under `in_proj`
/// and the attention [B, heads, N, N] under `attention` (nn/layers/scaled_dot_product.hpp).
class SelfAttention : public AdaptedLayer {
 public:
  /// `dropout` of the attention in training. Error (usage): the heads do not divide the width.
  SelfAttention(int64_t width, int64_t heads, double dropout);
  at::Tensor forward(const at::Tensor& x);

 private:
  int64_t heads_;
  std::shared_ptr<torch::nn::Module> in_;  ///< reports what `weight` and `bias` make
  std::shared_ptr<ScaledDotProduct> attention_;
  std::shared_ptr<Linear> out_;
};

}  // namespace photo51::nn

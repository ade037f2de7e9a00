#pragma once
/// Multi-head self-attention (Vaswani et al., Attention is all you need, NeurIPS 2017) with the names and
/// initial values of torch.nn.MultiheadAttention: softmax(Q K^T / sqrt(D / heads)) V a head. [B, N, D] -> the
/// same.

#include <memory>

#include "photo51/nn/layers/attention_options.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/rotary.hpp"
#include "photo51/nn/layers/scaled_dot_product.hpp"

namespace photo51::nn {

struct SelfAttentionOptions {
  int64_t width = 0, heads = 1;
  double dropout = 0;  ///< of the attention in training
  QkvBias bias = QkvBias::all;
  /// Layer norms of each head's queries and keys, `q_norm` and `k_norm` (Dehghani et al., Scaling vision
  /// transformers to 22 billion parameters, ICML 2023).
  bool qk_norm = false;
  double norm_epsilon = 1e-6;
};

/// `weight` and `bias`, registered as `in_proj_weight` and `in_proj_bias`, make Q, K and V, and the slot's
/// adapter is theirs; with QkvBias::query_value `q_bias` and `v_bias` stand in the place of the bias. A
/// Capture has, beside the layer's own output, Q, K and V [B, N, 3 D] under `in_proj` and the attention
/// [B, heads, N, N] under `attention` (nn/layers/scaled_dot_product.hpp).
class SelfAttention : public AdaptedLayer {
 public:
  /// Error (usage): the heads do not divide the width.
  explicit SelfAttention(const SelfAttentionOptions& options);
  SelfAttention(int64_t width, int64_t heads, double dropout)
      : SelfAttention(SelfAttentionOptions{.width = width, .heads = heads, .dropout = dropout}) {}
  /// `rotation` turns queries and keys, after their norms; null: they have no rotary position.
  at::Tensor forward(const at::Tensor& x, const Rotation* rotation = nullptr);

 private:
  at::Tensor whole_bias() const;

  int64_t heads_;
  at::Tensor query_bias_, value_bias_;     ///< undefined unless QkvBias::query_value
  std::shared_ptr<torch::nn::Module> in_;  ///< reports what `weight` and `bias` make
  std::shared_ptr<LayerNorm> query_norm_, key_norm_;
  std::shared_ptr<ScaledDotProduct> attention_;
  std::shared_ptr<Linear> out_;
};

}  // namespace photo51::nn

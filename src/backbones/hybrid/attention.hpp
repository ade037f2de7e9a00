#pragma once
/// Attention among the places of a map or a window, with a bias for the difference of their positions.

#include <memory>
#include <vector>

#include "backbones/hybrid/recipe.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/scaled_dot_product.hpp"

namespace photo51::backbones {

/// `rel_pos` of an attention; its bias is [1, heads, N, N].
class HybridPosition : public torch::nn::Module {
 public:
  virtual at::Tensor bias() = 0;
};

/// A Capture has the attention [B, heads, N, N] under `attention`.
class HybridAttention : public torch::nn::Module {
 protected:
  /// `width`: features of Q, K and V of all heads.
  HybridAttention(const HybridAttentionRecipe& recipe, int64_t width, std::vector<int64_t> window);
  /// [B, N, 3 width] -> [B, N, width].
  at::Tensor mix(const at::Tensor& projected);

 private:
  HybridAttentionRecipe recipe_;
  int64_t heads_;
  std::shared_ptr<HybridPosition> position_;
  std::shared_ptr<nn::ScaledDotProduct> attention_;
};

/// Of tokens [B, N, width] of a window -> the same.
class TokenAttention : public HybridAttention {
 public:
  TokenAttention(const HybridAttentionRecipe& recipe, int64_t width, std::vector<int64_t> window);
  at::Tensor forward(const at::Tensor& tokens);

 private:
  std::shared_ptr<nn::Linear> qkv_, proj_;
};

/// Of a whole map [B, in, ...] of that size -> [B, out, ...].
class MapAttention : public HybridAttention {
 public:
  MapAttention(const HybridAttentionRecipe& recipe, int64_t in, int64_t out, std::vector<int64_t> size);
  at::Tensor forward(const at::Tensor& map);

 private:
  std::shared_ptr<nn::Conv> qkv_, proj_;
};

}  // namespace photo51::backbones

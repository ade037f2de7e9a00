#pragma once
/// Multi-head self-attention within windows, plain or shifted by a part of a window (Liu et al., Swin
/// transformer, ICCV 2021), or of version 2 (Swin transformer V2, CVPR 2022), in 2D or 3D: [B, [D,] H, W, C]
/// -> the same. Places of a shifted window that are no neighbours in the map do not see each other: their
/// products are lowered by 100.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "photo51/nn/layers/continuous_position_bias.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/relative_position_bias.hpp"
#include "photo51/nn/layers/scaled_dot_product.hpp"

namespace photo51::nn {

/// What becomes of a map whose edges are no multiple of the window. Zeros are added at the far ends, and
/// attended to as any place:
///   keep            before the shift; a map within one window is not shifted (torchvision)
///   shrink          the same, but no window is larger than the map (MONAI); of the positions' table or
///                   perceptron the first rows serve then
///   pad_after_shift the shifted map, so that the zeros stand where its first places were; it is shifted
///                   whatever its size (timm)
enum class WindowFit { keep, shrink, pad_after_shift };

struct WindowAttentionOptions {
  int64_t width = 0, heads = 1;
  std::vector<int64_t> window{};  ///< edges, [D,] H, W
  std::vector<int64_t> shift{};   ///< as many; empty: none
  WindowFit fit = WindowFit::keep;
  int64_t version = 1;                    ///< 2: cosines for products, positions by a perceptron
  std::vector<int64_t> trained_window{};  ///< version 2: that of the weights, empty: the same
  double dropout = 0, attention_dropout = 0;
};

/// The names are torchvision's: `qkv`, `proj`, and of version 1 `relative_position_bias_table`, of version 2
/// `cpb_mlp` and `logit_scale` (the logarithm of the cosines' factor a head, at most that of 100; the keys'
/// part of the bias of `qkv` is not used). One operator does it without padded, shifted or cut copies of the
/// map (ops/window_attention.hpp) where there is a kernel, the attention has no dropout and no Capture
/// records a part of it. A Capture has the attention [B, windows, heads, N, N] under `attention`
/// (nn/layers/scaled_dot_product.hpp), and what is added to the products under the name of the table.
class WindowAttention : public Layer {
 public:
  /// Errors (usage): the heads do not divide the width; the lists are not as long as the window's.
  explicit WindowAttention(const WindowAttentionOptions& options);
  at::Tensor forward(const at::Tensor& x);
  /// Those that the peers keep: `relative_position_index` [N, N], `relative_coords_table`.
  std::vector<std::pair<std::string, at::Tensor>> constants() const;

 private:
  class Scale;
  class Projection;
  bool is_fused(const at::Tensor& x) const;
  at::Tensor attend_fused(const at::Tensor& map, const std::vector<int64_t>& window,
                          const std::vector<int64_t>& shift, bool is_padded);
  at::Tensor attend(const at::Tensor& windows, const at::Tensor& mask);
  at::Tensor bias_of(int64_t places) const;  ///< of the first places of the window

  WindowAttentionOptions options_;
  std::shared_ptr<Projection> qkv_;
  std::shared_ptr<Scale> scale_;                        ///< version 2
  std::shared_ptr<RelativePositionBias> table_;         ///< version 1
  std::shared_ptr<ContinuousPositionBias> continuous_;  ///< version 2
  std::shared_ptr<ScaledDotProduct> attention_;
  std::shared_ptr<Linear> proj_;
  std::shared_ptr<Dropout> dropout_;
};

}  // namespace photo51::nn

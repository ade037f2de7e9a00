#pragma once
/// What the shifted-window transformers are made of (Liu et al., Swin transformer, ICCV 2021). Maps inside
/// are channels-last, [B, [D,] H, W, C].

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/drop_path.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/window_attention.hpp"

namespace photo51::backbones {

/// One number for all axes, or one an axis. Error (usage) that names `key`: there are neither one nor `dims`.
std::vector<int64_t> per_axis(const std::vector<int64_t>& numbers, int64_t dims, const char* key);

/// Errors (usage): no stage, lists that are not equally long, images (whose size may be empty) below a patch.
void require_stages(const std::vector<int64_t>& depths, const std::vector<int64_t>& heads);
void require_patches(const std::vector<int64_t>& size, const std::vector<int64_t>& patch);

struct SwinBlockShape {
  nn::WindowAttentionOptions attention;
  int64_t hidden = 0;  ///< features inside the perceptron
  double drop_path = 0;
  const char *widen, *narrow;  ///< names of the perceptron's layers below `mlp`
};

/// Window attention and perceptron, each a residual branch; norms are before them, in version 2 at the
/// branches' ends.
class SwinBlock : public torch::nn::Module {
 public:
  explicit SwinBlock(const SwinBlockShape& shape);
  at::Tensor forward(const at::Tensor& x);
  const nn::WindowAttention& attention() const { return *attention_; }

 private:
  bool norm_last_;
  std::shared_ptr<nn::LayerNorm> norm1_, norm2_;
  std::shared_ptr<nn::WindowAttention> attention_;
  std::shared_ptr<nn::Linear> widen_, narrow_;
  std::shared_ptr<nn::Dropout> dropout_;
  std::shared_ptr<nn::DropPath> drop_path_;
};

/// What the blocks of one stage share.
struct SwinStageShape {
  SwinBlockShape block;
  std::vector<double> drop_path;  ///< of each block
};
/// Makes the blocks as submodules `0`, `1`, ... of `parent`; every other one is shifted by half a window.
std::vector<std::shared_ptr<SwinBlock>> add_swin_blocks(torch::nn::Module& parent,
                                                        const SwinStageShape& shape);

/// Makes one place of 2 an axis, with twice the channels; a last place without a neighbour gets zeros for it.
class PatchMerging : public torch::nn::Module {
 public:
  using Corner = std::vector<int64_t>;  ///< 0 or 1 an axis
  /// Corners in the order in which their channels stand before the reduction. `norm_last`: as in version 2.
  PatchMerging(int64_t width, std::vector<Corner> corners, bool norm_last);
  at::Tensor forward(const at::Tensor& x);

 private:
  std::vector<Corner> corners_;
  bool norm_last_;
  std::shared_ptr<nn::LayerNorm> norm_;
  std::shared_ptr<nn::Linear> reduction_;
};
/// All of them, the first axis changing fastest or slowest.
std::vector<PatchMerging::Corner> corners_first_fastest(int64_t dims);
std::vector<PatchMerging::Corner> corners_last_fastest(int64_t dims);

/// `drop_path` of the blocks of each stage, from 0 at the first of all to `last` in equal steps.
std::vector<std::vector<double>> swin_drop_paths(double last, const std::vector<int64_t>& depths);

/// Of the options' descriptions: what both networks ask of heads.
void check_stage_heads(config::Fields& f, int64_t width, const std::vector<int64_t>& heads);

/// The convolution that makes tokens of patches.
std::shared_ptr<nn::Conv> make_patch_embedding(int64_t in, int64_t out, const std::vector<int64_t>& patch);

}  // namespace photo51::backbones

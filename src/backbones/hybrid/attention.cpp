#include "backbones/hybrid/attention.hpp"

#include <torch/nn/module.h>

#include <cmath>
#include <optional>
#include <utility>

#include "photo51/backbones/features.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/relative_position_bias.hpp"

namespace photo51::backbones {
namespace {

class TablePosition final : public HybridPosition {
 public:
  TablePosition(RelativePosition kind, int64_t heads, const std::vector<int64_t>& window) {
    const char* name = "relative_position_bias_table";
    std::vector<int64_t> sizes{nn::relative_positions(window), heads};
    if (kind == RelativePosition::tensorflow) {
      sizes = {heads};
      for (const int64_t edge : window) sizes.push_back(2 * edge - 1);
    }
    const at::Tensor table = register_parameter(
        name, nn::make_tensor(sizes, [](at::Tensor& t) { nn::fill_truncated_normal(t, 0.02); }));
    table_ = register_module(name, std::make_shared<nn::RelativePositionBias>(table, window));
    if (kind == RelativePosition::table_and_index)
      register_buffer("relative_position_index", nn::relative_position_index(window).contiguous());
  }
  at::Tensor bias() override { return table_->forward(); }

 private:
  std::shared_ptr<nn::RelativePositionBias> table_;
};

/// A perceptron of sign(d) log(1 + |d|) an axis, d the difference of positions query - key (Liu et al., Swin
/// transformer V2, CVPR 2022, but for the scales, as timm has it).
class PerceptronPosition final : public HybridPosition {
 public:
  PerceptronPosition(int64_t hidden, int64_t heads, std::vector<int64_t> window)
      : window_(std::move(window)) {
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    fc1_ = mlp->register_module("fc1",
                                std::make_shared<nn::Linear>(static_cast<int64_t>(window_.size()), hidden));
    fc2_ = mlp->register_module("fc2", std::make_shared<nn::Linear>(hidden, heads));
    // timm's rate, which none of its options changes.
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(0.125));
  }
  at::Tensor bias() override {
    // Logarithms of single precision, whatever that of the weights, as in timm's buffer of them.
    const auto options = fc1_->weight.options().dtype(at::kFloat).requires_grad(false);
    std::vector<at::Tensor> axes;
    for (const int64_t edge : window_) {
      const at::Tensor difference = at::arange(1 - edge, edge, options);
      axes.push_back(difference.sign() * (1.0 + difference.abs()).log());
    }
    const at::Tensor differences =
        at::stack(at::meshgrid(axes, "ij"), -1).flatten(0, -2).to(fc1_->weight.scalar_type());
    return nn::relative_position_bias(fc2_->forward(dropout_->forward(at::relu(fc1_->forward(differences)))),
                                      window_);
  }

 private:
  std::vector<int64_t> window_;
  std::shared_ptr<nn::Linear> fc1_, fc2_;
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace

HybridAttention::HybridAttention(const HybridAttentionRecipe& recipe, int64_t width,
                                 std::vector<int64_t> window)
    : recipe_(recipe), heads_(width / recipe.dim_head) {
  if (recipe.position == RelativePosition::perceptron)
    position_ = std::make_shared<PerceptronPosition>(recipe.position_width, heads_, std::move(window));
  else
    position_ = std::make_shared<TablePosition>(recipe.position, heads_, window);
  register_module("rel_pos", position_);
  std::optional<double> scale;
  if (recipe.scale_by_width) scale = 1 / std::sqrt(static_cast<double>(width));
  attention_ = register_module("attention", std::make_shared<nn::ScaledDotProduct>(0, scale));
}

at::Tensor HybridAttention::mix(const at::Tensor& projected) {
  const int64_t head = recipe_.dim_head;
  const auto parts = recipe_.head_first
                         ? projected.unflatten(2, {heads_, 3 * head}).transpose(1, 2).chunk(3, 3)
                         : projected.unflatten(2, {3, heads_, head}).permute({2, 0, 3, 1, 4}).unbind(0);
  return attention_->forward(parts[0], parts[1], parts[2], position_->bias()).transpose(1, 2).flatten(2);
}

TokenAttention::TokenAttention(const HybridAttentionRecipe& recipe, int64_t width,
                               std::vector<int64_t> window)
    : HybridAttention(recipe, width, std::move(window)) {
  qkv_ = register_module("qkv", std::make_shared<nn::Linear>(width, 3 * width));
  proj_ = register_module("proj", std::make_shared<nn::Linear>(width, width));
}

at::Tensor TokenAttention::forward(const at::Tensor& tokens) {
  const at::Tensor y = proj_->forward(mix(qkv_->forward(tokens)));
  nn::report(*this, tokens, y);
  return y;
}

MapAttention::MapAttention(const HybridAttentionRecipe& recipe, int64_t in, int64_t out,
                           std::vector<int64_t> size)
    : HybridAttention(recipe, recipe.expand_first ? out : in, size) {
  const int64_t width = recipe.expand_first ? out : in;
  const auto conv = [&](const char* name, int64_t from, int64_t to) {
    const nn::Conv::Shape shape{
        .dims = static_cast<int64_t>(size.size()), .in = from, .out = to, .kernel = 1, .bias = true};
    return register_module(name, std::make_shared<nn::Conv>(shape));
  };
  qkv_ = conv("qkv", in, 3 * width);
  proj_ = conv("proj", width, out);
}

at::Tensor MapAttention::forward(const at::Tensor& map) {
  const at::Tensor mixed = mix(place_tokens(qkv_->forward(map)));
  const at::Tensor y = proj_->forward(mixed.transpose(1, 2).unflatten(2, map.sizes().slice(2)));
  nn::report(*this, map, y);
  return y;
}

}  // namespace photo51::backbones

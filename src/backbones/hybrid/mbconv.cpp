#include "backbones/hybrid/mbconv.hpp"

#include <algorithm>
#include <vector>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/conv_norm.hpp"

namespace photo51::backbones {

HybridSqueeze::HybridSqueeze(int64_t dims, int64_t channels, int64_t hidden, HybridActivation activation)
    : activation_(activation) {
  const auto layer = [&](const char* name, int64_t in, int64_t out) {
    const nn::Conv::Shape shape{.dims = dims, .in = in, .out = out, .kernel = 1, .bias = true};
    return register_module(name, std::make_shared<nn::Conv>(shape));
  };
  fc1_ = layer("fc1", channels, hidden);
  fc2_ = layer("fc2", hidden, channels);
}

at::Tensor HybridSqueeze::forward(const at::Tensor& x) {
  std::vector<int64_t> places;
  for (int64_t axis = 2; axis < x.dim(); ++axis) places.push_back(axis);
  const at::Tensor hidden = activate(activation_, fc1_->forward(x.mean(places, /*keepdim=*/true)));
  const at::Tensor y = x * fc2_->forward(hidden).sigmoid();
  nn::report(*this, x, y);
  return y;
}

MbConv::MbConv(const MbConvRecipe& recipe, const HybridPlace& place)
    : recipe_(recipe), pools_(place.halving && recipe.halved_by_pool) {
  const int64_t wide = 4 * (recipe.expand_output ? place.out : place.in);
  const auto norm = [&](const char* name, int64_t channels) {
    return register_module(name, std::make_shared<nn::BatchNorm>(channels, recipe.epsilon));
  };
  const auto conv = [&](const char* name, nn::Conv::Shape shape) {
    shape.dims = place.dims;
    return register_module(name, std::make_shared<nn::Conv>(shape));
  };
  const auto squeeze = [&](const char* name) {
    const double of = static_cast<double>(recipe.expand_output ? place.out : wide);
    const auto hidden = std::max<int64_t>(1, static_cast<int64_t>(of * recipe.squeeze_ratio));
    squeeze_ = register_module(
        name, std::make_shared<HybridSqueeze>(place.dims, wide, hidden, recipe.squeeze_activation));
  };
  if (place.halving)
    shortcut_ = register_module(
        "shortcut",
        std::make_shared<HybridShortcut>(place, recipe.pool, recipe.always_expand || place.in != place.out,
                                         recipe.output_bias));
  pre_norm_ = norm("pre_norm", place.in);
  conv1_ = conv("conv1_1x1", {.in = place.in, .out = wide, .kernel = 1});
  norm1_ = norm("norm1", wide);
  conv2_ = conv("conv2_kxk", {.in = wide,
                              .out = wide,
                              .stride = place.halving && !pools_ ? 2 : 1,
                              .same = recipe.same,
                              .groups = wide});
  if (recipe.squeeze_early) squeeze("se_early");
  norm2_ = norm("norm2", wide);
  if (!recipe.squeeze_early) squeeze("se");
  conv3_ = conv("conv3_1x1", {.in = wide, .out = place.out, .kernel = 1, .bias = recipe.output_bias});
  drop_path_ = register_module("drop_path", std::make_shared<nn::DropPath>(place.drop_path));
}

at::Tensor MbConv::forward(const at::Tensor& x) {
  at::Tensor y = pre_norm_->forward(x);
  if (recipe_.activated_before) y = activate(recipe_.activation, y);
  if (pools_) y = halve(HybridPool::mean_of_2, y);
  y = activate(recipe_.activation, nn::conv_norm(*conv1_, *norm1_, y));
  y = recipe_.squeeze_early ? norm2_->forward(squeeze_->forward(conv2_->forward(y)))
                            : nn::conv_norm(*conv2_, *norm2_, y);
  y = activate(recipe_.activation, y);
  if (!recipe_.squeeze_early) y = squeeze_->forward(y);
  y = drop_path_->forward(conv3_->forward(y)) + (shortcut_ ? shortcut_->forward(x) : x);
  nn::report(*this, x, y);
  return y;
}

}  // namespace photo51::backbones

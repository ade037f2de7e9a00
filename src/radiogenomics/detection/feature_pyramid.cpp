#include "photo51/radiogenomics/detection/feature_pyramid.hpp"

#include <cmath>
#include <numeric>
#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::radiogenomics {
namespace {

/// torchvision's initial values of pyramids: uniform, with the variance of the inputs kept (He et al. 2015).
std::shared_ptr<nn::Conv> pyramid_conv(const nn::Conv::Shape& shape) {
  auto conv = std::make_shared<nn::Conv>(shape);
  if (nn::SkipInit::active()) return conv;
  const at::NoGradGuard no_grad;
  const double bound = std::sqrt(3.0 / static_cast<double>(conv->weight[0].numel()));
  conv->weight.uniform_(-bound, bound);
  return conv;
}

at::Tensor enlarged(const at::Tensor& x, const at::Tensor& like) {
  const at::IntArrayRef size = like.sizes().slice(2);
  return x.dim() == 5 ? at::upsample_nearest3d(x, size) : at::upsample_nearest2d(x, size);
}

at::Tensor every_second(at::Tensor x) {
  for (int64_t axis = 2; axis < x.dim(); ++axis) x = x.slice(axis, 0, std::nullopt, 2);
  return x.contiguous(x.suggest_memory_format());
}

}  // namespace

FeaturePyramid::FeaturePyramid(const PyramidOptions& options, const Shape& shape)
    : extra_(options.extra), dims_(shape.dims), stages_(options.stages) {
  const auto stages = static_cast<int64_t>(shape.widths.size());
  if (stages == 0) core::fail_usage("pyramid: the network has no stages");
  if (stages_.empty()) {
    stages_.resize(shape.widths.size());
    std::iota(stages_.begin(), stages_.end(), 0);
  }
  for (size_t i = 0; i < stages_.size(); ++i)
    if (stages_[i] < 0 || stages_[i] >= stages || (i > 0 && stages_[i] <= stages_[i - 1]))
      core::fail_usage("pyramid.stages: the network has stages 0 to " + std::to_string(stages - 1) +
                       "; name some of them, ascending");
  auto inner = register_module("inner_blocks", std::make_shared<torch::nn::Module>());
  auto outer = register_module("layer_blocks", std::make_shared<torch::nn::Module>());
  const auto add = [&](torch::nn::Module& blocks, size_t i, int64_t in, int64_t kernel) {
    auto block = blocks.register_module(std::to_string(i), std::make_shared<torch::nn::Module>());
    return block->register_module(
        "0",
        pyramid_conv({.dims = dims_, .in = in, .out = options.channels, .kernel = kernel, .bias = true}));
  };
  for (size_t i = 0; i < stages_.size(); ++i) {
    inner_.push_back(add(*inner, i, shape.widths[static_cast<size_t>(stages_[i])], 1));
    outer_.push_back(add(*outer, i, options.channels, 3));
  }
  if (extra_ != ExtraLevels::convs && extra_ != ExtraLevels::convs_of_stage) return;
  auto blocks = register_module("extra_blocks", std::make_shared<torch::nn::Module>());
  int64_t in =
      extra_ == ExtraLevels::convs ? options.channels : shape.widths[static_cast<size_t>(stages_.back())];
  for (const char* name : {"p6", "p7"}) {
    further_.push_back(blocks->register_module(
        name,
        pyramid_conv(
            {.dims = dims_, .in = in, .out = options.channels, .kernel = 3, .stride = 2, .bias = true})));
    in = options.channels;
  }
}

size_t FeaturePyramid::levels() const {
  return stages_.size() + (extra_ == ExtraLevels::max_pool ? 1 : further_.size());
}

std::vector<at::Tensor> FeaturePyramid::forward(const backbones::Features& found) const {
  if (static_cast<int64_t>(found.stages.size()) <= stages_.back())
    core::fail_usage("pyramid.stages: stage " + std::to_string(stages_.back()) +
                     " of a network that yields " + std::to_string(found.stages.size()));
  const auto stage = [&](size_t i) -> const at::Tensor& {
    return found.stages[static_cast<size_t>(stages_[i])];
  };
  std::vector<at::Tensor> levels(stages_.size());
  at::Tensor top;
  for (size_t i = stages_.size(); i-- > 0;) {
    const at::Tensor lateral = inner_[i]->forward(stage(i));
    top = top.defined() ? lateral + enlarged(top, lateral) : lateral;
    levels[i] = outer_[i]->forward(top);
  }
  if (extra_ == ExtraLevels::max_pool) levels.push_back(every_second(levels.back()));
  if (further_.empty()) return levels;
  levels.push_back(
      further_[0]->forward(extra_ == ExtraLevels::convs ? levels.back() : stage(stages_.size() - 1)));
  levels.push_back(further_[1]->forward(levels.back().relu()));
  return levels;
}

}  // namespace photo51::radiogenomics

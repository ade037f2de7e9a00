#include "photo51/backbones/backbone.hpp"

#include <torch/nn/module.h>

#include <vector>

#include "photo51/core/error.hpp"

namespace photo51::backbones {

at::Tensor place_tokens(const at::Tensor& stage) {
  return stage.flatten(2).transpose(1, 2);
}

at::Tensor place_positions(const at::Tensor& stage, const at::Tensor& image) {
  const auto options = stage.options().dtype(at::kFloat).requires_grad(false);
  std::vector<at::Tensor> axes;
  for (int64_t axis = 2; axis < stage.dim(); ++axis) {
    const double edge = static_cast<double>(image.size(axis)) / static_cast<double>(stage.size(axis));
    axes.push_back((at::arange(stage.size(axis), options) + 0.5) * edge - 0.5);
  }
  return at::stack(at::meshgrid(axes, "ij"), -1).flatten(0, -2);
}

at::Tensor Backbone::mean_of_places(const Features& found) const {
  return place_tokens(found.stages.back()).mean(1);
}

void Backbone::require_classifier() const {
  if (!classifier_) core::fail_usage("this network was built without a classifier; build it with `classes`");
}

at::Tensor Backbone::logits(const at::Tensor& image) {
  require_classifier();
  const Features found = features(image);
  return classifier_->forward(found.prefix.defined() ? found.prefix.select(1, 0) : mean_of_places(found));
}

}  // namespace photo51::backbones

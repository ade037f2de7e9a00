#include "photo51/backbones/backbone.hpp"

#include <torch/nn/module.h>

#include "photo51/core/error.hpp"

namespace photo51::backbones {

at::Tensor place_tokens(const at::Tensor& stage) {
  return stage.flatten(2).transpose(1, 2);
}

at::Tensor Backbone::logits(const at::Tensor& image) {
  if (!classifier_) core::fail_usage("this network was built without a classifier; build it with `classes`");
  const Features found = features(image);
  return classifier_->forward(found.prefix.defined() ? found.prefix.select(1, 0)
                                                     : found.stages.back().flatten(2).mean(2));
}

}  // namespace photo51::backbones

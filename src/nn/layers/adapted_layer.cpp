#include "photo51/nn/layers/adapted_layer.hpp"

#include <torch/nn/module.h>

#include <utility>

#include "photo51/core/error.hpp"
#include "photo51/nn/inference/packed_layers.hpp"

namespace photo51::nn {

void AdaptedLayer::set_adapter(std::shared_ptr<Adapter> adapter) {
  if (adapter) {
    const at::Tensor change = adapter->weight_delta();
    if (change.defined() && change.sizes() != weight.sizes())
      core::fail_usage("an adapter that changes a weight of shape " + c10::str(change.sizes()) +
                       " does not fit a layer whose weight is " + c10::str(weight.sizes()) +
                       "; make it for this layer");
  }
  if (adapter_) unregister_module("adapter");
  adapter_ = std::move(adapter);
  if (adapter_) register_module("adapter", adapter_);
}

std::vector<at::Tensor> AdaptedLayer::seen_parameters() const {
  std::vector<at::Tensor> seen = Layer::seen_parameters();
  if (adapter_)
    for (const at::Tensor& parameter : adapter_->parameters()) seen.push_back(parameter);
  return seen;
}

void AdaptedLayer::merge_adapter() {
  if (!adapter_) core::fail_usage("the layer has no adapter to merge; call `set_adapter` first");
  const at::NoGradGuard no_grad;
  const at::Tensor change = adapter_->weight_delta();
  if (!change.defined())
    core::fail_usage("this adapter is no change of the layer's weight and cannot be merged; keep it beside");
  weight.add_(change);
  set_adapter(nullptr);
}

at::Tensor AdaptedLayer::product(const at::Tensor& x, const at::Tensor& with_bias) const {
  if (PackedLayers* packed = PackedLayers::in_use())
    if (const at::Tensor y = packed->multiply(*this, with_bias, x); y.defined()) return y;
  return adapted(x, at::linear(x, weight, with_bias));
}

}  // namespace photo51::nn

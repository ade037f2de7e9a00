#include "training/optim/ema.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "photo51/core/error.hpp"

namespace photo51::training {

ExponentialMovingAverage::ExponentialMovingAverage(double decay, const NamedTensors& weights)
    : decay_(decay) {
  for (const auto& [name, tensor] : weights) average_[name] = tensor.detach().clone();
}

void ExponentialMovingAverage::update(const NamedTensors& weights) {
  const at::NoGradGuard no_grad;
  ++steps_;
  const double step = static_cast<double>(steps_);
  const double decay = std::min(decay_, (1 + step) / (10 + step));
  for (const auto& [name, tensor] : weights) {
    auto& average = average_.at(name);
    if (tensor.is_floating_point()) {
      average.lerp_(tensor, 1 - decay);
    } else {
      average.copy_(tensor);
    }
  }
}

void ExponentialMovingAverage::swap(const NamedTensors& weights) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : weights) {
    auto& average = average_.at(name);
    const at::Tensor kept = tensor.detach().clone();
    at::Tensor(tensor).copy_(average);
    average.copy_(kept);
  }
}

void ExponentialMovingAverage::load(const std::map<std::string, at::Tensor>& state, int64_t steps) {
  for (auto& [name, average] : average_) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.sizes() != average.sizes())
      core::fail_data("the averaged weights lack `" + name + "` or have it in another shape");
    average.copy_(found->second);
  }
  steps_ = steps;
}

}  // namespace photo51::training

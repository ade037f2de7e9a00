#include "training/loop/frozen_norms.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/nn/layers/batch_norm.hpp"

namespace photo51::training {

void hold_frozen_norms(torch::nn::Module& model) {
  for (const auto& module : model.modules(/*include_self=*/false)) {
    if (dynamic_cast<const nn::BatchNorm*>(module.get()) == nullptr) continue;
    const auto parameters = module->parameters();
    if (std::ranges::none_of(parameters, [](const at::Tensor& one) { return one.requires_grad(); }))
      module->eval();
  }
}

}  // namespace photo51::training

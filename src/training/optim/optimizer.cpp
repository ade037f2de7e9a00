#include "photo51/training/optim/optimizer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {
namespace {

constexpr const char* steps_taken = "step";

}  // namespace

Optimizer::Optimizer(double lr, double weight_decay, const std::vector<OptimizedParameter>& parameters)
    : base_lr_(lr) {
  for (const auto& [name, tensor, lr_scale, own_decay] : parameters)
    if (tensor.requires_grad())
      slots_.push_back({name, tensor, lr_scale, tensor.dim() >= 2 ? own_decay.value_or(weight_decay) : 0});
}

void Optimizer::zero_grad() {
  for (auto& slot : slots_) slot.parameter.mutable_grad().reset();
}

void Optimizer::step(double lr) {
  const at::NoGradGuard no_grad;
  std::map<std::pair<double, double>, std::vector<Slot*>> alike;
  for (auto& slot : slots_)
    if (slot.parameter.grad().defined()) alike[{slot.lr_scale, slot.weight_decay}].push_back(&slot);
  for (const auto& [how, slots] : alike) update(slots, lr * how.first, how.second);
}

std::map<std::string, at::Tensor> Optimizer::state() const {
  std::map<std::string, at::Tensor> state;
  for (const auto& slot : slots_)
    for (const auto& [key, tensor] : slot.moments) state[slot.name + "." + key] = tensor;
  return state;
}

void Optimizer::load(const std::map<std::string, at::Tensor>& state) {
  const auto keys = moments();
  size_t used = 0;
  for (auto& slot : slots_) {
    slot.moments.clear();
    for (const auto& key : keys) {
      const auto found = state.find(slot.name + "." + key);
      if (found == state.end()) continue;
      if (key != steps_taken && found->second.sizes() != slot.parameter.sizes())
        core::fail_data("optimiser state `" + found->first + "` has another shape than its parameter");
      // Fused updates go through a parameter and its moments in the order of memory, which is not that of a
      // file where the parameter is channels-last.
      const at::Tensor& layout = key == steps_taken ? found->second : slot.parameter;
      slot.moments[key] = at::empty_like(layout, found->second.options().device(slot.parameter.device()))
                              .copy_(found->second);
      ++used;
    }
    if (!slot.moments.empty() && slot.moments.size() != keys.size())
      core::fail_data("optimiser state of `" + slot.name + "` is incomplete");
  }
  if (used != state.size())
    core::fail_data("the optimiser state belongs to another model or optimiser: " +
                    std::to_string(state.size() - used) + " unknown tensors");
}

config::Catalogue<BuildOptimizer>& optimizers() {
  static config::Catalogue<BuildOptimizer> table{
      {config::component<AdamWOptions>("adamw", "Adam with decoupled weight decay"), build_adamw},
      {config::component<SgdOptions>("sgd", "stochastic gradient descent with momentum"), build_sgd},
  };
  return table;
}

std::unique_ptr<Optimizer> make_optimizer(const config::Choice& choice,
                                          const std::vector<OptimizedParameter>& parameters) {
  const auto* build = optimizers().find(choice.name);
  if (build == nullptr) config::default_choice(optimizers().components(), choice.name);  // throws
  return (*build)(choice, parameters);
}

}  // namespace photo51::training

#include "training/optim/optimizer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "photo51/core/error.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {

Optimizer::Optimizer(const config::Choice& choice, const NamedTensors& parameters) : choice_(choice) {
  if (choice_.name == "adamw") {
    base_lr_ = choice_.as<AdamWOptions>().lr;
    weight_decay_ = choice_.as<AdamWOptions>().weight_decay;
  } else {
    base_lr_ = choice_.as<SgdOptions>().lr;
    weight_decay_ = choice_.as<SgdOptions>().weight_decay;
  }
  for (auto& [name, parameter] : parameters)
    if (parameter.requires_grad()) slots_.push_back({name, parameter, {}});
}

void Optimizer::zero_grad() {
  for (auto& slot : slots_) slot.parameter.mutable_grad().reset();
}

void Optimizer::step(double lr) {
  const at::NoGradGuard no_grad;
  std::vector<Slot*> decayed, plain;
  for (auto& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    (slot.parameter.dim() >= 2 ? decayed : plain).push_back(&slot);
  }
  if (choice_.name == "adamw") {
    step_adamw(decayed, lr, weight_decay_);
    step_adamw(plain, lr, 0);
  } else {
    for (auto* slot : decayed) step_sgd(*slot, lr, weight_decay_);
    for (auto* slot : plain) step_sgd(*slot, lr, 0);
  }
}

void Optimizer::step_adamw(const std::vector<Slot*>& slots, double lr, double weight_decay) {
  if (slots.empty()) return;
  const auto& options = choice_.as<AdamWOptions>();
  std::vector<at::Tensor> parameters, gradients, means, squares, steps;
  for (auto* slot : slots) {
    if (slot->moments.empty()) {
      slot->moments["exp_avg"] = at::zeros_like(slot->parameter);
      slot->moments["exp_avg_sq"] = at::zeros_like(slot->parameter);
      slot->moments["step"] = at::zeros({}, slot->parameter.options().dtype(at::kFloat).requires_grad(false));
    }
    slot->moments["step"] += 1;
    parameters.push_back(slot->parameter);
    gradients.push_back(slot->parameter.grad().to(slot->parameter.scalar_type()));
    means.push_back(slot->moments["exp_avg"]);
    squares.push_back(slot->moments["exp_avg_sq"]);
    steps.push_back(slot->moments["step"]);
  }
  at::_fused_adamw_(parameters, gradients, means, squares, {}, steps, lr, options.betas[0], options.betas[1],
                    weight_decay, options.eps, /*amsgrad=*/false, /*maximize=*/false);
}

void Optimizer::step_sgd(Slot& slot, double lr, double weight_decay) {
  const auto& options = choice_.as<SgdOptions>();
  at::Tensor gradient = slot.parameter.grad();
  if (weight_decay != 0) gradient = gradient.add(slot.parameter, weight_decay);
  if (options.momentum != 0) {
    auto& momentum = slot.moments["momentum"];
    if (momentum.defined()) {
      momentum.mul_(options.momentum).add_(gradient);
    } else {
      momentum = gradient.clone();
    }
    gradient = options.nesterov ? gradient.add(momentum, options.momentum) : momentum;
  }
  slot.parameter.add_(gradient, -lr);
}

std::map<std::string, at::Tensor> Optimizer::state() const {
  std::map<std::string, at::Tensor> state;
  for (const auto& slot : slots_)
    for (const auto& [key, tensor] : slot.moments) state[slot.name + "." + key] = tensor;
  return state;
}

void Optimizer::load(const std::map<std::string, at::Tensor>& state) {
  const std::vector<std::string> keys = choice_.name == "adamw"
                                            ? std::vector<std::string>{"exp_avg", "exp_avg_sq", "step"}
                                            : std::vector<std::string>{"momentum"};
  size_t used = 0;
  for (auto& slot : slots_) {
    slot.moments.clear();
    for (const auto& key : keys) {
      const auto found = state.find(slot.name + "." + key);
      if (found == state.end()) continue;
      if (key != "step" && found->second.sizes() != slot.parameter.sizes())
        core::fail_data("optimiser state `" + found->first + "` has another shape than its parameter");
      slot.moments[key] = found->second.to(slot.parameter.device(), /*non_blocking=*/false, /*copy=*/true);
      ++used;
    }
    if (!slot.moments.empty() && slot.moments.size() != keys.size())
      core::fail_data("optimiser state of `" + slot.name + "` is incomplete");
  }
  if (used != state.size())
    core::fail_data("the optimiser state belongs to another model or optimiser: " +
                    std::to_string(state.size() - used) + " unknown tensors");
}

}  // namespace photo51::training

#pragma once
/// AdamW and SGD over named parameters, with a state that can be written and read as plain tensors.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::training {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// Parameters of two or more dimensions decay; biases, norms and other vectors do not. A parameter without a
/// gradient (its input was absent from the batch) is left alone, its moments and step count included.
class Optimizer {
 public:
  /// `choice` comes from `optimizers()`.
  Optimizer(const config::Choice& choice, const NamedTensors& parameters);

  /// The learning rate of the options, before any schedule.
  double base_lr() const { return base_lr_; }
  void step(double lr);
  void zero_grad();

  /// `<parameter>.exp_avg`, `.exp_avg_sq`, `.step` or `.momentum`, as far as they exist.
  std::map<std::string, at::Tensor> state() const;
  /// Error (data) when a tensor is of another shape than its parameter or unknown.
  void load(const std::map<std::string, at::Tensor>& state);

 private:
  struct Slot {
    std::string name;
    at::Tensor parameter;
    std::map<std::string, at::Tensor> moments;  ///< empty before the first step
  };
  void step_adamw(const std::vector<Slot*>& slots, double lr, double weight_decay);
  void step_sgd(Slot& slot, double lr, double weight_decay);

  config::Choice choice_;
  double base_lr_ = 0, weight_decay_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace photo51::training

#pragma once
/// Optimisers over named parameters, with a state that can be written and read as plain tensors.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::training {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// A parameter, and how it differs from what the optimiser's options say.
struct OptimizedParameter {
  std::string name;
  at::Tensor tensor;
  double lr_scale = 1;
  std::optional<double> weight_decay = {};  ///< instead of the options'
};

/// Parameters of two or more dimensions decay; biases, norms and other vectors do not. A parameter without a
/// gradient (its input was absent from the batch, or it is frozen) is left alone, its moments and step count
/// included. Parameters that do not require a gradient when the optimiser is made are no part of it.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// The learning rate of the options, before any schedule.
  double base_lr() const { return base_lr_; }
  /// By the gradients as they are; a parameter's rate is `lr` times its own scale.
  void step(double lr);
  void zero_grad();

  /// `<parameter>.<moment>`, as far as they exist: there are none before the first step.
  std::map<std::string, at::Tensor> state() const;
  /// Error (data) when a tensor is of another shape than its parameter, unknown, or lacks another of its
  /// parameter's moments.
  void load(const std::map<std::string, at::Tensor>& state);
  /// What one parameter's state consists of: of the parameter's shape, but for `step`, a count.
  virtual std::vector<std::string> moments() const = 0;

 protected:
  struct Slot {
    std::string name;
    at::Tensor parameter;
    double lr_scale, weight_decay;
    std::map<std::string, at::Tensor> moments = {};  ///< empty before the first step
  };
  Optimizer(double lr, double weight_decay, const std::vector<OptimizedParameter>& parameters);
  /// Parameters with a gradient that share rate and decay.
  virtual void update(const std::vector<Slot*>& slots, double lr, double weight_decay) = 0;

 private:
  double base_lr_;
  std::vector<Slot> slots_;
};

using BuildOptimizer = std::unique_ptr<Optimizer> (*)(const config::Choice& choice,
                                                      const std::vector<OptimizedParameter>& parameters);
/// What `optimizer:` may name.
config::Catalogue<BuildOptimizer>& optimizers();
/// Error (usage) when there is no such optimiser.
std::unique_ptr<Optimizer> make_optimizer(const config::Choice& choice,
                                          const std::vector<OptimizedParameter>& parameters);

// The rows of the table, one file each.
std::unique_ptr<Optimizer> build_adamw(const config::Choice& choice,
                                       const std::vector<OptimizedParameter>& parameters);
std::unique_ptr<Optimizer> build_sgd(const config::Choice& choice,
                                     const std::vector<OptimizedParameter>& parameters);

}  // namespace photo51::training

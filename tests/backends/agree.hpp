#pragma once
/// A module on every device, in every precision and memory layout that a run may use, beside itself in
/// float64 on the CPU: what it yields, its gradients, and what it learns of a training batch (running
/// statistics).
///
///   case_of("linear", "no bias", {{3, 5}}, [] { return std::make_shared<nn::Linear>(5, 4, false); })

#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace photo51::test {

using Tensors = std::vector<at::Tensor>;
using Shapes = std::vector<std::vector<int64_t>>;

struct Runnable {
  std::shared_ptr<torch::nn::Module> module;  ///< with all that learns
  std::function<Tensors(const Tensors& inputs)> forward;
};

/// What the inputs of a case are: what a layer before it made, which autocast rounds, or data, which stay
/// float32.
enum class InputsOf { layers, data };

struct BackendCase {
  std::string component;  ///< the header of a layer or the row of a table
  std::string variant;    ///< which of its cases, may be empty
  std::function<Runnable()> make;
  std::function<Tensors()>
      inputs;  ///< on the CPU, floating ones float32; integers and masks move as they are
  InputsOf inputs_of = InputsOf::layers;
  bool random_in_training = false;  ///< evaluation mode only
  /// A network with its norms one behind the other. Over the few values of its last maps, batch norm makes
  /// much of rounding, so training mode is held to less.
  bool is_network = false;

  friend void PrintTo(const BackendCase& of, std::ostream* out) { *out << of.component << " " << of.variant; }
};

/// Success, or for each way of running it that differs: what by how much. Drawn anew up to three times, of
/// which one has to agree: rounding may move a value over the edge of a ReLU or to another place of a
/// maximum, and its gradient with it. Records how much of its tolerance each way took as a property of the
/// test.
testing::AssertionResult agrees_everywhere(const BackendCase& of);

/// Those of the names that no case is of.
std::vector<std::string> without_case(const std::vector<std::string>& names,
                                      const std::vector<BackendCase>& cases);

/// Normally distributed.
inline std::function<Tensors()> random_inputs(Shapes shapes) {
  return [shapes = std::move(shapes)] {
    Tensors inputs;
    for (const auto& shape : shapes) inputs.push_back(at::randn(shape));
    return inputs;
  };
}

struct ForwardOne {
  template <class Module>
  Tensors operator()(Module& module, const Tensors& inputs) const {
    return {module.forward(inputs.at(0))};
  }
};

/// `make` returns a shared pointer to the module; `forward(module, inputs)` its outputs.
template <class Make, class Forward = ForwardOne>
BackendCase case_of(std::string component, std::string variant, Shapes shapes, Make make,
                    Forward forward = {}) {
  const auto build = [make, forward]() -> Runnable {
    const auto module = make();
    return {module, [module, forward](const Tensors& inputs) { return forward(*module, inputs); }};
  };
  return {std::move(component), std::move(variant), build, random_inputs(std::move(shapes))};
}

}  // namespace photo51::test

#include "backends/agree.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "photo51/core/device.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/second_device.hpp"

namespace photo51::test {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr uint64_t draws = 3;

/// How a module is run.
struct Way {
  std::string name;
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;          ///< of weights and data
  std::optional<at::ScalarType> autocast{};  ///< as training with `precision: bf16` has it
  bool channels_last = false;                ///< maps and the weights of convolutions
  bool inference = false;                    ///< as prediction runs it, without gradients
};

/// Of each GPU, or without one of the device that refuses what a GPU refuses.
void add_devices(std::vector<Way>& ways) {
  if (core::resolve_device("auto") == "cpu") {
    ways.push_back({.name = "second device", .device = second_device()});
    return;
  }
  at::globalContext().setAllowTF32CuDNN(false);  // which has float32's range and half's precision
  const c10::impl::VirtualGuardImpl gpus(at::kCUDA);
  for (c10::DeviceIndex i = 0; i < gpus.deviceCount(); ++i) {
    const at::Device gpu(at::kCUDA, i);
    const std::string name = gpu.str() + " ";
    ways.push_back({.name = name + "float32", .device = gpu});
    ways.push_back({.name = name + "channels last", .device = gpu, .channels_last = true});
    ways.push_back({.name = name + "inference", .device = gpu, .inference = true});
    ways.push_back({.name = name + "bfloat16", .device = gpu, .autocast = at::kBFloat16});
    ways.push_back({.name = name + "float16", .device = gpu, .autocast = at::kHalf});
  }
}

const std::vector<Way>& all_ways() {
  static const std::vector<Way> ways = [] {
    std::vector<Way> found{
        {.name = "float32"},
        {.name = "channels last", .channels_last = true},
        {.name = "inference", .inference = true},
        {.name = "bfloat16", .autocast = at::kBFloat16},
        {.name = "bfloat16 inference", .autocast = at::kBFloat16, .inference = true},
    };
    add_devices(found);
    return found;
  }();
  return ways;
}

struct Tolerance {
  double forward, gradient;
  /// A gradient is judged beside the largest of all, times this, where it is smaller itself: of a bias before
  /// a norm nothing but rounding is left.
  double floor;
  /// Of gradients the root of the mean square instead of the largest: in a short type some ReLUs always
  /// switch, and the gradients of single values with them.
  bool mean_square;
};

/// Of what has at most so many products with matrices one behind the other.
Tolerance tolerance_of(const Way& way, const BackendCase& of, bool training, int64_t products) {
  const bool amplifies = training && of.is_network;
  if (!way.autocast) return {amplifies ? 1e-3 : 1e-4, amplifies ? 5e-2 : 1e-3, 0.01, false};
  if (amplifies) return {infinite, infinite, 1, true};  // finite is enough
  // A value is rounded by up to 2^-9 or 2^-12 of itself, and roundings add up as the root of their number.
  // How many ReLUs switch grows as they do, and the error of gradients as the root of that: in a ReLU network
  // of fifty products nearly half of the gradient in bfloat16.
  const double deep = std::sqrt(static_cast<double>(std::max<int64_t>(products, 1)));
  const double floor = of.is_network ? 1 : 0.1;
  if (*way.autocast == at::kHalf) return {0.003 * deep, std::min(0.04 * deep, 0.4), floor, true};
  return {0.02 * deep, std::min(0.08 * deep, 0.6), floor, true};
}

at::Tensor placed(const at::Tensor& tensor, const Way& way, at::ScalarType floating) {
  at::Tensor there = tensor.to(way.device, tensor.is_floating_point() ? floating : tensor.scalar_type());
  if (way.channels_last && there.dim() == 4) there = there.contiguous(at::MemoryFormat::ChannelsLast);
  if (way.channels_last && there.dim() == 5) there = there.contiguous(at::MemoryFormat::ChannelsLast3d);
  return there;
}

at::Tensor plain(const at::Tensor& tensor) {
  return tensor.detach().to(at::kCPU, at::kDouble);
}

/// The same float32 values for the same draw, whatever the way. Small ones are added to all weights, since
/// many begin at 0.
Runnable made(const BackendCase& of, const Way& way, uint64_t draw) {
  at::manual_seed(draw);
  Runnable runnable = of.make();
  const at::NoGradGuard no_grad;
  for (const auto& entry : runnable.module->named_parameters()) {
    at::Tensor values = entry.value();
    values.add_(at::randn(values.sizes()), values.dim() > 1 ? 0.02 : 0.1);
  }
  for (auto& [name, values] : nn::state_of(*runnable.module)) {
    if (name.ends_with("running_mean")) values.normal_(0, 0.1);
    if (name.ends_with("running_var")) values.uniform_(0.5, 1.5);
    values.set_data(placed(values.detach(), way, way.type));
  }
  return runnable;
}

struct Run {
  std::map<std::string, at::Tensor> outputs, gradients;
  int64_t products = 0;  ///< weights that are matrices
};

Run run(const BackendCase& of, const Way& way, bool training, uint64_t draw) {
  const Runnable runnable = made(of, way, draw);
  runnable.module->train(training);
  const bool rounded = way.autocast && of.inputs_of == InputsOf::layers;
  std::map<std::string, at::Tensor> leaves;
  Tensors inputs;
  for (const at::Tensor& input : of.inputs()) {
    at::Tensor leaf = placed(input, way, rounded ? *way.autocast : way.type).detach();
    if (leaf.is_floating_point() && !way.inference) leaf.requires_grad_();
    inputs.push_back(leaf);
    leaves["input " + std::to_string(leaves.size())] = leaf;
  }

  Run result;
  const c10::InferenceMode inference(way.inference);
  Tensors outputs;
  {
    std::optional<nn::Autocast> autocast;
    if (way.autocast) autocast.emplace(way.device.type(), *way.autocast);
    outputs = runnable.forward(inputs);
  }
  at::Tensor loss;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const at::Tensor& output = outputs[i];
    result.outputs["output " + std::to_string(i)] = plain(output);
    if (!output.requires_grad()) continue;
    const at::Tensor weight = at::randn(output.sizes()).to(way.device, way.type);
    const at::Tensor part = (output.to(way.type) * weight).sum();
    loss = loss.defined() ? loss + part : part;
  }
  if (loss.defined()) loss.backward();
  for (const auto& entry : runnable.module->named_parameters()) {
    result.products += entry.value().dim() > 1 ? 1 : 0;
    leaves[entry.key()] = entry.value();
  }
  for (const auto& [name, leaf] : leaves)
    if (leaf.grad().defined()) result.gradients["gradient of " + name] = plain(leaf.grad());
  for (const auto& entry : runnable.module->named_buffers())
    if (entry.value().is_floating_point()) result.outputs[entry.key()] = plain(entry.value());
  return result;
}

double measure(const at::Tensor& values, bool mean_square) {
  if (values.numel() == 0) return 0;
  return mean_square ? values.square().mean().sqrt().item<double>() : values.abs().max().item<double>();
}

/// The part of a tolerance that the worst of the tensors takes, and which that is.
struct Worst {
  double share = 0;
  std::string what;

  void see(double part, const std::string& of) {
    if (part <= share) return;
    share = part;
    what = of;
  }
};

void compare(Worst& worst, const std::string& name, const at::Tensor& found, const at::Tensor& expected,
             double least, double tolerance, bool mean_square) {
  if (found.sizes() != expected.sizes())
    return worst.see(infinite,
                     name + " is " + c10::str(found.sizes()) + " instead of " + c10::str(expected.sizes()));
  if (!found.isfinite().all().item<bool>()) return worst.see(infinite, name + " is not finite");
  const double difference = measure(found - expected, mean_square);
  const double size = std::max(measure(expected, mean_square), least);
  if (difference == 0 || tolerance == infinite) return;
  worst.see(difference / size / tolerance, name + " differs by " + std::to_string(difference / size) +
                                               " of its size, and " + std::to_string(tolerance) +
                                               " is allowed");
}

Worst compared(const Run& found, const Run& expected, const Tolerance& tolerance, bool with_gradients) {
  Worst worst;
  for (const auto& [name, values] : expected.outputs) {
    const auto other = found.outputs.find(name);
    if (other == found.outputs.end())
      worst.see(infinite, name + " is missing");
    else
      compare(worst, name, other->second, values, 0, tolerance.forward, false);
  }
  if (!with_gradients) return worst;
  double largest = 0;
  for (const auto& [name, values] : expected.gradients)
    largest = std::max(largest, measure(values, tolerance.mean_square));
  for (const auto& [name, values] : expected.gradients) {
    const auto other = found.gradients.find(name);
    if (other == found.gradients.end())
      worst.see(infinite, name + " is missing");
    else
      compare(worst, name, other->second, values, tolerance.floor * largest, tolerance.gradient,
              tolerance.mean_square);
  }
  for (const auto& [name, values] : found.gradients)
    if (!expected.gradients.contains(name)) worst.see(infinite, name + " should have no gradient");
  return worst;
}

}  // namespace

testing::AssertionResult agrees_everywhere(const BackendCase& of) {
  // Before anything else: LibTorch looks for CUDA once.
  const std::vector<Way>& ways = all_ways();
  std::string problems;
  for (const bool training : {false, true}) {
    if (training && of.random_in_training) continue;
    std::map<uint64_t, Run> references;
    for (const Way& way : ways) {
      if (training && way.inference) continue;
      Worst best{infinite, ""};
      for (uint64_t draw = 1; draw <= draws; ++draw) {
        Worst worst;
        try {
          if (!references.contains(draw))
            references[draw] = run(of, {.name = "float64", .type = at::kDouble}, training, draw);
          const Run& expected = references.at(draw);
          worst = compared(run(of, way, training, draw), expected,
                           tolerance_of(way, of, training, expected.products), !way.inference);
        } catch (const std::exception& error) {
          const std::string message = error.what();
          worst.see(infinite, message.substr(0, message.find('\n')));
        }
        if (draw == 1 || worst.share < best.share) best = worst;
        if (best.share <= 1) break;
      }
      const std::string mode = training ? "training" : "evaluation";
      testing::Test::RecordProperty(mode + " " + way.name, std::to_string(best.share));
      if (best.share > 1) problems += "\n  " + way.name + ", " + mode + ": " + best.what;
    }
  }
  if (problems.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << of.component << " " << of.variant
                                     << " differs from itself in float64 on the CPU:" << problems;
}

std::vector<std::string> without_case(const std::vector<std::string>& names,
                                      const std::vector<BackendCase>& cases) {
  std::vector<std::string> missing;
  for (const std::string& name : names)
    if (std::ranges::none_of(cases, [&](const BackendCase& of) { return of.component == name; }))
      missing.push_back(name);
  return missing;
}

}  // namespace photo51::test

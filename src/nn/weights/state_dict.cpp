#include "photo51/nn/weights/weights.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::nn {
namespace {

/// What does not fit: a name, and what is said of it only where it is among the few that are shown.
struct Misfit {
  std::string name;
  std::function<std::string()> told;
};

/// Of the names that have no counterpart themselves.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
  const std::string near = core::nearest_name(name, candidates);
  return near.empty() ? "" : " (near: " + near + ")";
}

/// The nearest name in `tensors` of a tensor of this shape.
std::string nearest_of_shape(const std::string& name, at::IntArrayRef sizes, const Tensors& tensors) {
  std::vector<std::string> candidates;
  for (const auto& [other, values] : tensors)
    if (values.sizes() == sizes) candidates.push_back(other);
  return nearest(name, candidates);
}

/// The first few of many problems.
std::string listed(const std::string& what, const std::vector<Misfit>& items) {
  constexpr size_t shown = 8;
  if (items.empty()) return "";
  std::vector<std::string> first;
  for (size_t i = 0; i < std::min(shown, items.size()); ++i) first.push_back(items[i].name + items[i].told());
  std::string text = "; " + what + ": " + core::join(first, ", ");
  if (items.size() > shown) text += " and " + std::to_string(items.size() - shown) + " more";
  return text;
}

bool convertible(const at::Tensor& from, const at::Tensor& to) {
  return from.scalar_type() == to.scalar_type() || (from.is_floating_point() && to.is_floating_point());
}

/// Whether what is finite stays so in the other's type.
bool fits(const at::Tensor& from, const at::Tensor& to) {
  return from.scalar_type() == to.scalar_type() || from.numel() == 0 ||
         at::isfinite(from.to(to.scalar_type())).all().item<bool>();
}

}  // namespace

Tensors state_of(const torch::nn::Module& module) {
  Tensors tensors;
  for (const auto& entry : module.named_parameters()) tensors.emplace(entry.key(), entry.value());
  for (const auto& entry : module.named_buffers()) tensors.emplace(entry.key(), entry.value());
  return tensors;
}

void load_state(torch::nn::Module& module, const Tensors& tensors, const std::string& source,
                const LoadOptions& options) {
  const Tensors own = state_of(module);
  std::vector<Misfit> missing, unexpected, wrong;
  std::vector<std::string> lone_own, lone_given;
  for (const auto& [name, tensor] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      lone_own.push_back(name);
      if (options.strict) missing.push_back({name, [&, name = name] { return nearest(name, lone_given); }});
      continue;
    }
    const at::Tensor &given = found->second, &wanted = tensor;
    if (given.sizes() != wanted.sizes()) {
      wrong.push_back({name, [&tensors, name = name, given, wanted] {
                         return " " + c10::str(given.sizes()) + " where " + c10::str(wanted.sizes()) +
                                " is needed" + nearest_of_shape(name, wanted.sizes(), tensors);
                       }});
    } else if (!convertible(given, wanted)) {
      wrong.push_back({name, [given, wanted] {
                         return std::string(" ") + c10::toString(given.scalar_type()) + " where " +
                                c10::toString(wanted.scalar_type()) + " is needed";
                       }});
    } else if (!fits(given, wanted)) {
      wrong.push_back({name, [wanted] {
                         return std::string(" with values beyond ") + c10::toString(wanted.scalar_type());
                       }});
    }
  }
  for (const auto& entry : tensors) {
    const std::string& name = entry.first;
    if (own.contains(name)) continue;
    lone_given.push_back(name);
    if (options.strict) unexpected.push_back({name, [&, name] { return nearest(name, lone_own); }});
  }
  if (!missing.empty() || !unexpected.empty() || !wrong.empty())
    core::fail_data(source + ": the weights are those of another model" + listed("missing", missing) +
                    listed("unexpected", unexpected) + listed("of another shape or type", wrong) +
                    options.remedy);

  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) continue;
    at::Tensor target = tensor;
    const at::Tensor& value = found->second;
    if (options.share && value.scalar_type() == target.scalar_type() && value.device() == target.device())
      target.set_data(value);
    else
      target.copy_(value);
  }
}

void save_weights(const torch::nn::Module& module, const std::filesystem::path& path,
                  const Metadata& metadata) {
  write_safetensors(path, state_of(module), metadata);
}

Metadata load_weights(torch::nn::Module& module, const std::filesystem::path& path,
                      const LoadOptions& options) {
  TensorFile file = read_safetensors(path);
  load_state(module, file.tensors, path.string(), options);
  return std::move(file.metadata);
}

}  // namespace photo51::nn

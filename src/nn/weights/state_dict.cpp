#include "photo51/nn/weights/weights.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::nn {
namespace {

std::vector<std::string> names_of(const Tensors& tensors) {
  std::vector<std::string> names;
  for (const auto& entry : tensors) names.push_back(entry.first);
  return names;
}

std::string nearest(const std::string& name, const Tensors& candidates) {
  const std::string near = core::nearest_name(name, names_of(candidates));
  return near.empty() ? "" : " (near: " + near + ")";
}

/// The first few of many problems.
std::string listed(const std::string& what, const std::vector<std::string>& items) {
  constexpr size_t shown = 8;
  if (items.empty()) return "";
  std::vector<std::string> first(items.begin(),
                                 items.begin() + static_cast<long>(std::min(shown, items.size())));
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
  std::vector<std::string> missing, unexpected, wrong;
  for (const auto& [name, tensor] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      if (options.strict) missing.push_back(name + nearest(name, tensors));
    } else if (found->second.sizes() != tensor.sizes()) {
      wrong.push_back(name + " " + c10::str(found->second.sizes()) + " where " + c10::str(tensor.sizes()) +
                      " is needed");
    } else if (!convertible(found->second, tensor)) {
      wrong.push_back(name + " " + c10::toString(found->second.scalar_type()) + " where " +
                      c10::toString(tensor.scalar_type()) + " is needed");
    } else if (!fits(found->second, tensor)) {
      wrong.push_back(name + " with values beyond " + c10::toString(tensor.scalar_type()));
    }
  }
  if (options.strict)
    for (const auto& [name, tensor] : tensors)
      if (!own.contains(name)) unexpected.push_back(name + nearest(name, own));
  if (!missing.empty() || !unexpected.empty() || !wrong.empty())
    core::fail_data(source + ": the weights are those of another model" + listed("missing", missing) +
                    listed("unexpected", unexpected) + listed("of another shape or type", wrong));

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

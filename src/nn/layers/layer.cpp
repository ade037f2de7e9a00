#include "photo51/nn/layers/layer.hpp"

#include <torch/nn/module.h>

#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/opaque.hpp"

namespace photo51::nn {

std::vector<std::string> unseen_parameters(const torch::nn::Module& root) {
  std::set<const c10::TensorImpl*> seen;
  const auto look = [&](const torch::nn::Module& module) {
    if (const auto* layer = dynamic_cast<const Layer*>(&module))
      for (const at::Tensor& parameter : layer->seen_parameters())
        seen.insert(parameter.unsafeGetTensorImpl());
  };
  look(root);
  for (const auto& module : root.modules(/*include_self=*/false)) look(*module);
  std::vector<std::string> names;
  for (const auto& entry : root.named_parameters())
    if (!seen.contains(entry.value().unsafeGetTensorImpl())) names.push_back(entry.key());
  return names;
}

void require_seen_parameters(const torch::nn::Module& root, const std::string& purpose) {
  const auto names = unseen_parameters(root);
  if (names.empty()) return;
  const auto refuse_opaque = [&](const std::string& path, const torch::nn::Module& module) {
    const auto* opaque = dynamic_cast<const Opaque*>(&module);
    if (opaque == nullptr || module.parameters().empty()) return;
    core::fail_usage(purpose + " needs to see what every parameter does, and of " +
                     (path.empty() ? "this network" : "`" + path + "`") +
                     " nothing is seen: " + opaque->why_opaque());
  };
  refuse_opaque("", root);
  for (const auto& entry : root.named_modules("", /*include_self=*/false))
    refuse_opaque(entry.key(), *entry.value());
  core::fail_usage(purpose + " needs to see what every parameter does, and these are outside of layers: " +
                   core::join(names, ", ") +
                   "; use another component, or make layers of them (nn/layers/layer.hpp)");
}

}  // namespace photo51::nn

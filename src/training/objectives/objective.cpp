#include "photo51/training/objectives/objective.hpp"

#include <ATen/ATen.h>

#include <optional>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/autocast.hpp"

namespace photo51::training {

at::Tensor Term::value() const {
  if (mean.defined()) return mean;
  if (!sum.defined() || count < 1)
    core::fail_usage("the term `" + name + "` of the loss has neither a mean nor a sum over items");
  return sum / static_cast<double>(count);
}

at::Tensor total_loss(const std::vector<Term>& terms) {
  at::Tensor total;
  for (const auto& term : terms) {
    const at::Tensor weighted = term.value() * term.weight;
    total = total.defined() ? total + weighted : weighted;
  }
  return total;
}

model::Outputs forward(model::Model& model, const data::Batch& batch, const StepContext& context) {
  model::Outputs outputs;
  {
    std::optional<nn::Autocast> autocast;
    if (context.bf16) autocast.emplace(model.device().type(), at::kBFloat16);
    outputs = model.forward(batch);
  }
  for (auto& [head, raw] : outputs.logits) raw = raw.to(at::kFloat);
  for (auto& [head, maps] : outputs.coarser)
    for (auto& map : maps) map = map.to(at::kFloat);
  return outputs;
}

config::Catalogue<BuildObjective>& objectives() {
  static config::Catalogue<BuildObjective> table{
      {config::component<>("supervised", "the losses of the heads, each with its weight"), build_supervised},
  };
  return table;
}

std::unique_ptr<Objective> make_objective(const config::Choice& choice) {
  const auto* build = objectives().find(choice.name);
  if (build == nullptr) config::default_choice(objectives().components(), choice.name);  // throws
  return (*build)(choice);
}

}  // namespace photo51::training

#include <ATen/ATen.h>

#include "photo51/training/objectives/objective.hpp"

namespace photo51::training {
namespace {

class Supervised final : public Objective {
 public:
  std::vector<Term> terms(model::Model& model, const data::Batch& batch,
                          const StepContext& context) override {
    return supervised_terms(model, forward(model, batch, context), batch);
  }
};

}  // namespace

std::vector<Term> supervised_terms(model::Model& model, const model::Outputs& outputs,
                                   const data::Batch& batch) {
  std::vector<Term> terms;
  for (auto& loss : model.head_losses(outputs, batch))
    terms.push_back({.name = loss.head, .count = loss.count, .weight = loss.weight, .mean = loss.mean});
  if (terms.empty()) return terms;
  // What encoders and fusions ask for beside the heads (such as an even load of experts).
  for (const auto& [name, loss] : outputs.losses)
    terms.push_back({.name = name, .count = 1, .weight = loss.weight, .mean = loss.value});
  return terms;
}

std::unique_ptr<Objective> build_supervised(const config::Choice&) {
  return std::make_unique<Supervised>();
}

}  // namespace photo51::training

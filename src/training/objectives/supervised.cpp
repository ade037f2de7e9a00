#include <ATen/ATen.h>

#include "photo51/training/objectives/objective.hpp"

namespace photo51::training {
namespace {

class Supervised final : public Objective {
 public:
  std::vector<Term> terms(model::Model& model, const data::Batch& batch,
                          const StepContext& context) override {
    const model::Outputs outputs = forward(model, batch, context);
    std::vector<Term> terms;
    for (auto& loss : model.head_losses(outputs, batch))
      terms.push_back({.name = loss.head,
                       .sum = {},
                       .count = loss.count,
                       .weight = loss.weight,
                       .per_case = {},
                       .mean = loss.mean});
    if (terms.empty()) return terms;
    // What encoders and fusions ask for beside the heads (such as an even load of experts).
    for (const auto& [name, loss] : outputs.losses)
      terms.push_back(
          {.name = name, .sum = {}, .count = 1, .weight = loss.weight, .per_case = {}, .mean = loss.value});
    return terms;
  }
};

}  // namespace

std::unique_ptr<Objective> build_supervised(const config::Choice&) {
  return std::make_unique<Supervised>();
}

}  // namespace photo51::training

// An objective: the heads' losses in two passes with dropout of their own, and how far apart the two are
// (after Wu et al., R-Drop: regularized dropout for neural networks, NeurIPS 2021, with a squared distance so
// that it does for any task):
//
//   loss = (loss of a + loss of b) / 2 + weight * mean over the cases of |logits of a - logits of b|^2
#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <photo51/training/objectives/objective.hpp>

#include "components.hpp"

using namespace photo51;

namespace {

struct TwoPassesOptions {
  double weight = 1;
};
void describe(config::Fields& f, TwoPassesOptions& o) {
  f("weight", o.weight, "of the squared distance of the two passes", {.min = 0});
}

class TwoPasses final : public training::Objective {
 public:
  explicit TwoPasses(double weight) : weight_(weight) {}

  std::vector<training::Term> terms(model::Model& model, const data::Batch& batch,
                                    const training::StepContext& context) override {
    const model::Outputs a = training::forward(model, batch, context);
    auto terms = training::supervised_terms(model, a, batch);
    if (terms.empty() || !context.training) return terms;
    const model::Outputs b = training::forward(model, batch, context);
    const auto again = training::supervised_terms(model, b, batch);
    for (size_t i = 0; i < terms.size(); ++i) terms[i].mean = (terms[i].mean + again[i].mean) / 2;

    at::Tensor apart;
    for (const auto& [head, logits] : a.logits) {
      const at::Tensor squares = (logits - b.logits.at(head)).square().sum(1);
      apart = apart.defined() ? apart + squares : squares;
    }
    training::Term consistency;
    consistency.name = "consistency";
    consistency.per_case = apart;
    consistency.sum = apart.sum();
    consistency.count = batch.size();
    consistency.weight = weight_;
    terms.push_back(consistency);
    return terms;
  }

 private:
  double weight_;
};

}  // namespace

void add_two_passes() {
  training::objectives().add(
      config::component<TwoPassesOptions>("two_passes", "the heads' losses and agreement of two passes"),
      [](const config::Choice& choice) -> std::unique_ptr<training::Objective> {
        return std::make_unique<TwoPasses>(choice.as<TwoPassesOptions>().weight);
      });
}

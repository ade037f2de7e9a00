#include <ATen/ATen.h>

#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {
namespace {

constexpr const char *mean = "exp_avg", *square = "exp_avg_sq", *count = "step";

class AdamW final : public Optimizer {
 public:
  AdamW(const AdamWOptions& options, const std::vector<OptimizedParameter>& parameters)
      : Optimizer(options.lr, options.weight_decay, parameters), options_(options) {}
  std::vector<std::string> moments() const override { return {mean, square, count}; }

 protected:
  void update(const std::vector<Slot*>& slots, double lr, double weight_decay) override {
    std::vector<at::Tensor> parameters, gradients, means, squares, steps;
    for (auto* slot : slots) {
      if (slot->moments.empty()) {
        slot->moments[mean] = at::zeros_like(slot->parameter);
        slot->moments[square] = at::zeros_like(slot->parameter);
        slot->moments[count] =
            at::zeros({}, slot->parameter.options().dtype(at::kFloat).requires_grad(false));
      }
      slot->moments[count] += 1;
      parameters.push_back(slot->parameter);
      gradients.push_back(slot->parameter.grad().to(slot->parameter.scalar_type()));
      means.push_back(slot->moments[mean]);
      squares.push_back(slot->moments[square]);
      steps.push_back(slot->moments[count]);
    }
    at::_fused_adamw_(parameters, gradients, means, squares, {}, steps, lr, options_.betas[0],
                      options_.betas[1], weight_decay, options_.eps, /*amsgrad=*/false, /*maximize=*/false);
  }

 private:
  AdamWOptions options_;
};

}  // namespace

void describe(config::Fields& f, AdamWOptions& o) {
  f("lr", o.lr, "learning rate", {.min = 0});
  f("weight_decay", o.weight_decay, "decay of weights; biases and norms are left alone", {.min = 0});
  f("betas", o.betas, "decays of the first and second moments", {.min = 0, .max = 1});
  f("eps", o.eps, "added to the denominator", {.min = 0});
  f.check(o.betas[0] < 1 && o.betas[1] < 1, "betas", "must be below 1");
}

std::unique_ptr<Optimizer> build_adamw(const config::Choice& choice,
                                       const std::vector<OptimizedParameter>& parameters) {
  return std::make_unique<AdamW>(choice.as<AdamWOptions>(), parameters);
}

}  // namespace photo51::training

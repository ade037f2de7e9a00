#include <ATen/ATen.h>

#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {
namespace {

class Sgd final : public Optimizer {
 public:
  Sgd(const SgdOptions& options, const std::vector<OptimizedParameter>& parameters)
      : Optimizer(options.lr, options.weight_decay, parameters), options_(options) {}
  std::vector<std::string> moments() const override { return {"momentum"}; }

 protected:
  void update(const std::vector<Slot*>& slots, double lr, double weight_decay) override {
    for (auto* slot : slots) {
      at::Tensor gradient = slot->parameter.grad();
      if (weight_decay != 0) gradient = gradient.add(slot->parameter, weight_decay);
      if (options_.momentum != 0) {
        auto& momentum = slot->moments["momentum"];
        if (momentum.defined()) {
          momentum.mul_(options_.momentum).add_(gradient);
        } else {
          momentum = gradient.clone();
        }
        gradient = options_.nesterov ? gradient.add(momentum, options_.momentum) : momentum;
      }
      slot->parameter.add_(gradient, -lr);
    }
  }

 private:
  SgdOptions options_;
};

}  // namespace

void describe(config::Fields& f, SgdOptions& o) {
  f("lr", o.lr, "learning rate", {.min = 0});
  f("momentum", o.momentum, "momentum; 0 = none", {.min = 0, .max = 1});
  f("nesterov", o.nesterov, "Nesterov's momentum");
  f("weight_decay", o.weight_decay, "L2 penalty of weights; biases and norms are left alone", {.min = 0});
  f.check(!o.nesterov || o.momentum > 0, "nesterov", "needs momentum above 0");
}

std::unique_ptr<Optimizer> build_sgd(const config::Choice& choice,
                                     const std::vector<OptimizedParameter>& parameters) {
  return std::make_unique<Sgd>(choice.as<SgdOptions>(), parameters);
}

}  // namespace photo51::training

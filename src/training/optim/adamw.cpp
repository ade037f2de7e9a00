#include <ATen/ATen.h>

#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {
namespace {

constexpr const char *mean = "exp_avg", *square = "exp_avg_sq", *count = "step";

bool lie_alike(const at::Tensor& a, const at::Tensor& b) {
  for (int64_t axis = 0; axis < a.dim(); ++axis)
    if (a.size(axis) > 1 && a.stride(axis) != b.stride(axis)) return false;
  return true;
}

/// In the order of memory, by which LibTorch's kernel goes. Of a gradient that is not contiguous in the usual
/// sense it makes a copy that it does not use.
at::Tensor by_memory(const at::Tensor& values) {
  return values.is_contiguous() ? values : values.as_strided({values.numel()}, {1});
}

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
      at::Tensor gradient = slot->parameter.grad().to(slot->parameter.scalar_type());
      if (!lie_alike(gradient, slot->parameter)) gradient = at::empty_like(slot->parameter).copy_(gradient);
      parameters.push_back(by_memory(slot->parameter));
      gradients.push_back(by_memory(gradient));
      means.push_back(by_memory(slot->moments[mean]));
      squares.push_back(by_memory(slot->moments[square]));
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

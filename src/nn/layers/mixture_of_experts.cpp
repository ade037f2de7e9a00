#include "photo51/nn/layers/mixture_of_experts.hpp"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::nn {

MixtureOfExperts::MixtureOfExperts(const MixtureOptions& options) : per_token_(options.per_token) {
  if (per_token_ < 1 || per_token_ > options.experts)
    core::fail_usage("a mixture of " + std::to_string(options.experts) + " experts cannot give each token " +
                     std::to_string(per_token_) + "; `experts_per_token` must be between 1 and `experts`");
  router_ = register_module(
      "router", std::make_shared<Linear>(options.expert.width, options.experts, /*with_bias=*/false));
  auto all = register_module("experts", std::make_shared<torch::nn::Module>());
  for (int64_t i = 0; i < options.experts; ++i)
    experts_.push_back(all->register_module(std::to_string(i), std::make_shared<Perceptron>(options.expert)));
}

Mixture MixtureOfExperts::forward(const at::Tensor& x) {
  const auto count = static_cast<int64_t>(experts_.size());
  const at::Tensor tokens = x.flatten(0, -2);
  const at::Tensor shares = router_->forward(tokens).softmax(-1);
  auto [weights, chosen] = shares.topk(per_token_, -1);
  if (per_token_ > 1) weights = weights / weights.sum(-1, /*keepdim=*/true);

  at::Tensor values = at::zeros_like(tokens);
  for (int64_t i = 0; i < count; ++i) {
    const at::Tensor choices = (chosen == i).nonzero();
    if (choices.numel() == 0) continue;
    const at::Tensor rows = choices.select(1, 0), places = choices.select(1, 1);
    const at::Tensor made = experts_[static_cast<size_t>(i)]->forward(tokens.index_select(0, rows));
    const at::Tensor weighted = made * weights.index({rows, places}).unsqueeze(1);
    values = values.index_add(0, rows, weighted.to(values.scalar_type()));
  }

  const at::Tensor load = at::one_hot(chosen.flatten(), count).to(shares.scalar_type()).mean(0);
  const at::Tensor balance = static_cast<double>(count) * (load * shares.mean(0)).sum();
  const at::Tensor y = values.view(x.sizes());
  report(*this, x, y);
  return {y, balance};
}

}  // namespace photo51::nn

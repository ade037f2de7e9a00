#include <torch/nn/module.h>

#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/radiogenomics/losses/survival.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

class DiscreteTimeHead final : public Head {
 public:
  DiscreteTimeHead(int64_t bins, int64_t width) : bins_(bins) {
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, bins));
    edges_ = register_buffer("edges", filled({bins - 1}, std::nan("")));
  }
  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }
  void fit(const data::Targets& training) override {
    require_event(training);
    const at::NoGradGuard no_grad;
    edges_.copy_(event_time_edges(training.value.masked_select(training.known),
                                  training.event.masked_select(training.known), bins_));
  }
  at::Tensor predict(const at::Tensor& raw) override { return discrete_risk(raw).unsqueeze(1); }
  void check() const override {
    require_all(edges_ >= 0, "`edges` holds a time that is below 0");
    require_all(edges_.diff() >= 0, "the times of `edges` do not ascend");
  }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) override {
    if (!fitted_) fitted_ = !edges_.isnan().any().item<bool>();
    if (!fitted_)
      core::fail_usage("discrete_nll needs its time bins: fit the heads on the training part first");
    return discrete_nll_loss(raw, known.value.to(raw.device()), known.event.to(raw.device()), edges_);
  }

 private:
  int64_t bins_;
  bool fitted_ = false;
  std::shared_ptr<nn::Linear> linear_;
  at::Tensor edges_;
};

}  // namespace

std::shared_ptr<Head> make_discrete_time_head(int64_t bins, int64_t width) {
  return std::make_shared<DiscreteTimeHead>(bins, width);
}

}  // namespace photo51::radiogenomics

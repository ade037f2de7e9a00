#include <torch/nn/module.h>

#include "photo51/core/error.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

class Regression final : public Head {
 public:
  explicit Regression(int64_t width) {
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, 1));
    mean_ = register_buffer("mean", filled({1}, 0));
    deviation_ = register_buffer("deviation", filled({1}, 1));
  }

  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }

  void fit(const data::Targets& training) override {
    const at::Tensor values = known_values(training).to(at::kDouble);
    const double deviation = values.std(/*unbiased=*/false).item<double>();
    if (!(deviation > 0))
      core::fail_data("all " + std::to_string(values.numel()) +
                      " training values are the same; there is nothing to learn");
    const at::NoGradGuard no_grad;
    mean_.fill_(values.mean().item<double>());
    deviation_.fill_(deviation);
  }

  at::Tensor predict(const at::Tensor& raw) override { return raw * deviation_ + mean_; }
  void check() const override { require_all(deviation_ > 0, "`deviation` is not above 0"); }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) override {
    const at::Tensor target = ((known.value.to(raw.device()) - mean_) / deviation_).to(raw.scalar_type());
    return (raw.squeeze(1) - target).square().mean();
  }

 private:
  std::shared_ptr<nn::Linear> linear_;
  at::Tensor mean_, deviation_;
};

}  // namespace

TaskHead regression_head() {
  TaskHead row = head_row<RegressionHeadOptions>();
  row.make = [](const config::Choice&, const data::TaskSpec&, int64_t width) -> std::shared_ptr<Head> {
    return std::make_shared<Regression>(width);
  };
  return row;
}

}  // namespace photo51::radiogenomics

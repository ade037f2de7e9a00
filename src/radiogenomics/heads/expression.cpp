#include <torch/nn/module.h>

#include "photo51/core/error.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

/// Many genes at once, any of which may be unknown of a case. A gene without spread in the training part is
/// predicted by its mean.
class ExpressionHead final : public Head {
 public:
  ExpressionHead(std::vector<std::string> names, int64_t width) : genes_(std::move(names)) {
    const auto genes = static_cast<int64_t>(genes_.size());
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, genes));
    mean_ = register_buffer("mean", filled({genes}, 0));
    deviation_ = register_buffer("deviation", filled({genes}, 1));
  }

  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }

  void fit(const data::Targets& training) override {
    const at::Tensor rows = data::known_rows(training);
    if (rows.numel() == 0) core::fail_data("no training case stands in the table of expression");
    const at::Tensor values = training.value.index_select(0, rows).to(at::kDouble);
    at::Tensor mean = values.mean(0), deviation = values.std(0, /*unbiased=*/false);
    if (training.known.dim() > 1) {
      const at::Tensor known = training.known.index_select(0, rows), count = known.sum(0);
      if ((count == 0).any().item<bool>())
        core::fail_data("no training case has a value of gene `" +
                        genes_[static_cast<size_t>((count == 0).nonzero()[0].item<int64_t>())] +
                        "`; leave the gene out");
      mean = (values * known).sum(0) / count;
      deviation = (((values - mean) * known).square().sum(0) / count).sqrt();
    }
    const at::Tensor varies = deviation > 1e-6;
    if (!varies.any().item<bool>()) core::fail_data("no gene varies over the training cases");
    const at::NoGradGuard no_grad;
    mean_.copy_(mean);
    deviation_.copy_(at::where(varies, deviation, at::zeros_like(deviation)));
  }

  at::Tensor predict(const at::Tensor& raw) override { return raw * deviation_ + mean_; }
  void check() const override { require_all(deviation_ >= 0, "`deviation` is below 0"); }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) override {
    const at::Tensor varies = deviation_ > 0;
    const at::Tensor target =
        ((known.value.to(raw.device()) - mean_) / at::where(varies, deviation_, at::ones_like(deviation_)));
    const at::Tensor off = raw - target.to(raw.scalar_type());
    if (known.known.dim() == 1) return (off * varies).square().sum(1).mean() / varies.sum();
    const at::Tensor counted = varies & known.known.to(raw.device());
    return (off * counted).square().sum() / counted.sum().clamp_min(1);
  }

 private:
  std::vector<std::string> genes_;
  std::shared_ptr<nn::Linear> linear_;
  at::Tensor mean_, deviation_;
};

}  // namespace

TaskHead expression_head() {
  TaskHead row = head_row<ExpressionHeadOptions>();
  row.label = [](const config::Choice& head, data::TaskSpec& spec) {
    const auto& options = head.as<ExpressionHeadOptions>();
    spec.column = spec.table = options.table;
    spec.classes = options.genes;
  };
  row.make = [](const config::Choice&, const data::TaskSpec& label, int64_t width) -> std::shared_ptr<Head> {
    if (label.classes.empty())
      core::fail_usage("an expression head needs its genes; set `genes` or fit them on a cohort");
    return std::make_shared<ExpressionHead>(label.classes, width);
  };
  row.table = [](config::Choice& head) -> std::string& {
    return dynamic_cast<config::OptionsOf<ExpressionHeadOptions>&>(*head.options).value.table;
  };
  return row;
}

}  // namespace photo51::radiogenomics

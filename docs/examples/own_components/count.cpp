// A task: how many of something a patient has, by Poisson regression. A task is a row in four tables; what it
// has in common with a regression it takes from that row.
#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <photo51/core/cells.hpp>
#include <photo51/core/error.hpp>
#include <photo51/core/text.hpp>
#include <photo51/data/task/label_reader.hpp>
#include <photo51/data/task/task.hpp>
#include <photo51/evaluation/regression.hpp>
#include <photo51/evaluation/task_metrics.hpp>
#include <photo51/nn/init.hpp>
#include <photo51/nn/layers/linear.hpp>
#include <photo51/radiogenomics/heads/table.hpp>
#include <photo51/report/task_wording.hpp>

#include <algorithm>
#include <cmath>

#include "components.hpp"

using namespace photo51;

namespace {

using Scored = evaluation::ScoredPredictions;

std::vector<data::Case::Label> read_counts(const data::LabelSource& source, data::TaskSpec& spec) {
  const data::LabelReader reader(source, spec);
  const auto column = reader.find(spec.column);
  if (!column) return reader.unknown();
  return reader.read(*column, {}, [&](size_t row) -> data::Case::Label {
    if (core::is_blank(source.cell(row, *column))) return {};
    const double count = reader.number(row, *column, "a count");
    if (count < 0 || count != std::floor(count)) reader.fail(row, *column, "a whole number of 0 or more");
    return {.known = true, .value = count};
  });
}

data::Task count_task() {
  data::Task task = data::task_named("regression");
  task.name = "count";
  task.help = "a whole number of 0 or more";
  task.read = read_counts;
  return task;
}

/// Of the expected count the logarithm is linear; without features it is that of the training part's mean.
class CountHead final : public radiogenomics::Head {
 public:
  explicit CountHead(int64_t width) {
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, 1));
    log_mean_ = register_buffer("log_mean", nn::make_tensor({1}, nn::fill_zeros));
  }

  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }

  void fit(const data::Targets& training) override {
    const double sum = training.value.masked_select(training.known).sum().item<double>();
    if (!(sum > 0)) core::fail_data("no training case has a count above 0; there is nothing to learn");
    const at::NoGradGuard no_grad;
    log_mean_.fill_(std::log(sum / training.known.sum().item<double>()));
  }

  at::Tensor predict(const at::Tensor& raw) override { return log_rate(raw).exp(); }

  void check() const override {
    if (!log_mean_.isfinite().all().item<bool>())
      core::fail_data("`log_mean` is not finite; train the model again");
  }

 protected:
  /// Half the deviance of a Poisson distribution, so that a perfect prediction has 0.
  at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) override {
    const at::Tensor count = known.value.to(raw.device(), raw.scalar_type());
    const at::Tensor rate = log_rate(raw).squeeze(1);
    return (at::xlogy(count, count) - count * rate - count + rate.exp()).mean();
  }

 private:
  at::Tensor log_rate(const at::Tensor& raw) const { return (raw + log_mean_).clamp_max(20); }

  std::shared_ptr<nn::Linear> linear_;
  at::Tensor log_mean_;
};

/// `label`, `weight` and `inputs`. A further key is a member, and a `describe` that names it.
struct CountHeadOptions : radiogenomics::ColumnHeadOptions {
  static constexpr const char* task = "count";
};

radiogenomics::TaskHead count_head() {
  auto row = radiogenomics::head_row<CountHeadOptions>();
  row.make = [](const config::Choice&, const data::TaskSpec&,
                int64_t width) -> std::shared_ptr<radiogenomics::Head> {
    return std::make_shared<CountHead>(width);
  };
  return row;
}

/// Mean deviance of a Poisson distribution.
double deviance(const Scored& scored) {
  double sum = 0;
  for (size_t i = 0; i < scored.predicted.size(); ++i) {
    const double count = scored.value[i], expected = std::max(scored.predicted[i], 1e-12);
    sum += 2 * ((count > 0 ? count * std::log(count / expected) : 0) - count + expected);
  }
  return sum / static_cast<double>(scored.predicted.size());
}

evaluation::TaskMetrics count_metrics() {
  evaluation::TaskMetrics row = evaluation::metrics_of("regression");
  row.task = "count";
  row.statistics = {{"spearman", [](const Scored& s) { return evaluation::spearman(s.predicted, s.value); }},
                    {"deviance", deviance}};
  row.headline = "spearman";
  row.chance = 0;
  return row;
}

report::TaskWording count_wording() {
  report::TaskWording wording = report::wording_of("regression");
  wording.task = "count";
  wording.question = [](const data::TaskSpec& spec) { return "how many `" + spec.column + "` there are"; };
  wording.claim = [](const evaluation::Metric& metric, const data::TaskSpec&) {
    return "The patients' predicted counts are ordered as the true ones are with a rank correlation of " +
           core::format_fixed(metric.value, 2);
  };
  wording.interval = [](double low, double high) {
    return core::format_fixed(low, 2) + " to " + core::format_fixed(high, 2);
  };
  wording.metrics = {{"deviance", {"Mean deviance", "of Poisson distributions; 0 is perfect"}}};
  return wording;
}

}  // namespace

void add_count() {
  data::add_task(count_task());
  radiogenomics::add_head(count_head());
  evaluation::add_metrics(count_metrics());
  report::add_wording(count_wording());
}

#include <cmath>

#include "photo51/core/text.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/tasks/rows.hpp"

namespace photo51::report {
namespace {

using Scored = evaluation::ScoredPredictions;

std::string cell_regression(const TaskWording::Labels& known) {
  double sum = 0;
  for (const auto* label : known) sum += label->value;
  return core::format_fixed(sum / static_cast<double>(known.size()), 2) +
         " (n = " + std::to_string(known.size()) + ")";
}

std::string claim_regression(const evaluation::Metric& metric, const data::TaskSpec&) {
  if (metric.value < 0)
    return "The predictions are farther from the truth than the patients' own mean would be";
  return "The predictions explain " + hundredths(metric.value) + " % of the variation between the patients";
}

Judged judge_regression(const Scored& shown, size_t i) {
  Judged judged;
  judged.index = i;
  judged.badness = std::abs(shown.predicted[i] - shown.value[i]);
  judged.truth = core::format_fixed(shown.value[i], 2);
  judged.said = with_interval(shown.predicted[i], shown.low[i], shown.high[i]);
  return judged;
}

}  // namespace

TaskWording regression_wording() {
  return {.task = "regression",
          .question = [](const data::TaskSpec& spec) { return "the value of `" + spec.column + "`"; },
          .heading = [](const data::TaskSpec& spec) { return spec.head + ": mean"; },
          .cell = cell_regression,
          .claim = claim_regression,
          .interval = [](double low, double high) { return range_words(low, high) + " of R²"; },
          .figures =
              [](const Scored& shown, const std::function<Parts()>&, double) {
                return std::vector<Figure>{
                    {scatter_plot(shown), "A dot a patient. On the dashed line, prediction is truth."}};
              },
          .judge = judge_regression};
}

}  // namespace photo51::report

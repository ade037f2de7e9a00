#include <algorithm>
#include <set>

#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/tasks/rows.hpp"

namespace photo51::report {
namespace {

using Scored = evaluation::ScoredPredictions;

std::string claim_multiclass(const evaluation::Metric& metric, const data::TaskSpec&) {
  return "Shown one patient of a class and one of another, the model ranks them rightly for that class " +
         hundredths(metric.value) + " times in 100, averaged over the classes";
}

std::vector<Figure> figures_multiclass(const Scored& shown, const std::function<Parts()>&, double) {
  if (std::set<int>(shown.label.begin(), shown.label.end()).size() < 2) return {};
  return {{one_vs_rest_plot(shown),
           "Each class against the rest, with the area under its "
           "curve. Dashed: a guess."}};
}

Judged judge_multiclass(const Scored& shown, size_t i) {
  Judged judged;
  judged.index = i;
  const size_t width = shown.classes.size(), row = i * width;
  const auto first = shown.predicted.begin() + static_cast<std::ptrdiff_t>(row);
  const auto top =
      static_cast<size_t>(std::max_element(first, first + static_cast<std::ptrdiff_t>(width)) - first);
  const auto truth = static_cast<size_t>(shown.label[i]);
  judged.wrong = top != truth;
  judged.badness = shown.predicted[row + top];
  judged.unsure = shown.predicted[row + top] < 0.5;
  judged.truth = truth < width ? shown.classes[truth] : std::to_string(truth);
  judged.said = shown.classes[top] + ", probability " +
                with_interval(shown.predicted[row + top], shown.low[row + top], shown.high[row + top]);
  return judged;
}

}  // namespace

TaskWording multiclass_wording() {
  return {.task = "multiclass",
          .question = [](const data::TaskSpec& spec) { return "which class of `" + spec.column + "`"; },
          .heading = known_heading,
          .cell = known_cell,
          .claim = claim_multiclass,
          .interval = hundredths_range,
          .figures = figures_multiclass,
          .judge = judge_multiclass,
          .worst_title = "Most confident mistakes",
          .unsure_rule = "no class reaches probability one half",
          .has_confusion = true};
}

}  // namespace photo51::report

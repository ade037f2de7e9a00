#include <algorithm>
#include <cmath>

#include "photo51/core/text.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/tasks/rows.hpp"

namespace photo51::report {
namespace {

using Scored = evaluation::ScoredPredictions;

std::string ml_words(double ml) {
  return core::format_fixed(ml, ml < 10 ? 2 : 1) + " ml";
}

std::string claim_segmentation(const evaluation::Metric& metric, const data::TaskSpec& spec) {
  return "The maps of `" + spec.input + "` overlap the drawn masks with a mean Dice of " +
         core::format_fixed(metric.value, 2);
}

/// The patients whose map of class `k` has a Dice, and that class alone.
Scored of_class(const Scored& shown, size_t k) {
  Scored one;
  one.spec = shown.spec;
  one.spec.head = shown.classes[k] + " (ml)";
  one.classes = {shown.classes[k]};
  for (size_t i = 0; i < shown.cases.size(); ++i) {
    const auto& score = shown.maps[i][k];
    if (!std::isfinite(score.dice)) continue;
    one.cases.push_back(shown.cases[i]);
    one.predicted.push_back(score.predicted_ml);
    one.value.push_back(score.true_ml);
    one.maps.push_back({score});
  }
  return one;
}

std::vector<Figure> figures_segmentation(const Scored& shown, const std::function<Parts()>&, double) {
  std::vector<Figure> figures;
  for (size_t k = 0; k < shown.classes.size(); ++k) {
    const Scored one = of_class(shown, k);
    if (one.cases.empty()) continue;
    std::vector<double> dice;
    for (const auto& scores : one.maps) dice.push_back(scores.front().dice);
    const std::string& name = shown.classes[k];
    figures.push_back({ranked_plot(dice, one.cases,
                                   {.ranks = "patients by rank",
                                    .values = "Dice of " + name,
                                    .title = "Dice of each patient, best first",
                                    .names_best = false}),
                       "Dice of " + name + ", a dot a patient, best first.", true});
    figures.push_back(
        {scatter_plot(one),
         "Volume of " + name + " in ml, drawn against predicted. On the dashed line they agree."});
  }
  return figures;
}

/// By the mean Dice of the classes that are there.
Judged judge_segmentation(const Scored& shown, size_t i) {
  Judged judged;
  judged.index = i;
  double sum = 0, predicted = 0, truth = 0;
  int64_t count = 0;
  for (const auto& score : shown.maps[i]) {
    if (std::isfinite(score.predicted_ml)) predicted += score.predicted_ml;
    if (std::isfinite(score.true_ml)) truth += score.true_ml;
    if (!std::isfinite(score.dice)) continue;
    sum += score.dice;
    ++count;
  }
  const double dice = count > 0 ? sum / static_cast<double>(count) : std::nan("");
  judged.badness = 1 - dice;
  judged.truth = ml_words(truth);
  judged.said = ml_words(predicted) + ", Dice " + (count > 0 ? core::format_fixed(dice, 2) : "undefined");
  return judged;
}

}  // namespace

TaskWording segmentation_wording() {
  return {.task = "segmentation",
          .question =
              [](const data::TaskSpec& spec) {
                return "the outlines of " + core::join(spec.classes, ", ") + " in `" + spec.input + "`";
              },
          .heading = [](const data::TaskSpec& spec) { return spec.head + ": masks"; },
          .cell = known_cell,
          .claim = claim_segmentation,
          .interval = [](double low, double high) { return range_words(low, high) + " of Dice"; },
          .figures = figures_segmentation,
          .judge = judge_segmentation,
          .worst_title = "Least overlap"};
}

}  // namespace photo51::report

#include <algorithm>
#include <cmath>
#include <set>

#include "photo51/core/text.hpp"
#include "photo51/evaluation/classification.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/tasks/rows.hpp"

namespace photo51::report {
namespace {

using Scored = evaluation::ScoredPredictions;

std::string question(const data::TaskSpec& spec) {
  return "whether `" + spec.column + "` is " +
         (spec.positive.empty() ? "1" : "`" + core::join(spec.positive, "` or `") + "`");
}

std::string cell_binary(const TaskWording::Labels& known) {
  double sum = 0;
  for (const auto* label : known) sum += label->value;
  return share_words(std::llround(sum), static_cast<int64_t>(known.size()));
}

std::string claim_binary(const evaluation::Metric& metric, const data::TaskSpec& spec) {
  return "Shown one patient who is " + class_words(spec, 1) + " and one who is " + class_words(spec, 0) +
         ", the model gives the higher probability to the right one " + hundredths(metric.value) +
         " times in 100";
}

std::vector<Figure> figures_binary(const Scored& shown, const std::function<Parts()>& parts, double level) {
  std::vector<Figure> list;
  if (std::set<int>(shown.label.begin(), shown.label.end()).size() > 1)
    list.push_back({roc_plot(shown, parts(), level),
                    "Trade-off between patients found and false alarms, with the area under each "
                    "curve. Shaded: bootstrap interval. Dashed: a guess."});
  list.push_back({calibration_plot(shown),
                  "Of patients given a probability, how many are positive? On the dashed line, "
                  "probabilities can be taken at their word. Ticks: single patients, positives above."});
  list.push_back({strip_plot(shown),
                  "Every patient's probability, apart by truth. Ringed patients are on the wrong side "
                  "of 0.5."});
  return list;
}

Judged judge_binary(const Scored& shown, size_t i) {
  Judged judged;
  judged.index = i;
  const auto& spec = shown.spec;
  const double p = shown.predicted[i];
  const int said = p >= 0.5;
  judged.wrong = said != shown.label[i];
  judged.badness = std::abs(p - shown.label[i]);
  const bool spread = shown.high[i] > shown.low[i];
  judged.unsure = std::abs(p - 0.5) < 0.1 - 1e-9 || (spread && shown.low[i] < 0.5 && shown.high[i] >= 0.5);
  judged.truth = class_words(spec, shown.label[i]);
  judged.said = class_words(spec, said) + ", probability " +
                (said ? with_interval(p, shown.low[i], shown.high[i])
                      : with_interval(1 - p, 1 - shown.high[i], 1 - shown.low[i]));
  return judged;
}

std::vector<std::string> calibration(
    const Scored& shown, const std::function<const evaluation::Metric*(const std::string&)>& metric) {
  double predicted = 0, observed = 0;
  for (size_t i = 0; i < shown.predicted.size(); ++i) {
    predicted += 100 * shown.predicted[i] / static_cast<double>(shown.size());
    observed += 100.0 * shown.label[i] / static_cast<double>(shown.size());
  }
  std::vector<std::string> lines{"On average the model predicts " + core::format_fixed(predicted, 0) + " % " +
                                 class_words(shown.spec, 1) + "; observed are " +
                                 core::format_fixed(observed, 0) + " %."};
  if (const auto* ece = metric("ece"))
    lines.push_back(
        "Its probabilities are off by " + core::format_fixed(100 * ece->value, 0) + " points on average" +
        (ece->n < 100 ? "; with " + std::to_string(ece->n) + " patients, chance alone makes several of these."
                      : "."));
  return lines;
}

Rarest rarest(const Scored& shown) {
  const auto ones = std::count(shown.label.begin(), shown.label.end(), 1);
  return {std::min<int64_t>(ones, shown.size() - ones), "patients of the rarer class"};
}

std::string percent_range(int64_t part, int64_t whole) {
  if (whole == 0) return "0 of 0";
  const double share = static_cast<double>(part) / static_cast<double>(whole);
  const auto range = evaluation::wilson_interval(share, whole);
  auto text = share_words(part, whole);
  text.pop_back();
  return text + "; interval " + core::format_fixed(100 * range.low, 0) + "–" +
         core::format_fixed(100 * range.high, 0) + ")";
}

/// Of the threshold 0.5.
std::vector<std::string> decisions(const Scored& shown) {
  int64_t table[2][2] = {{0, 0}, {0, 0}};
  for (size_t i = 0; i < shown.cases.size(); ++i) ++table[shown.label[i] == 1][shown.predicted[i] >= 0.5];
  const auto positive = class_words(shown.spec, 1), negative = class_words(shown.spec, 0);
  return {"Of the patients who are " + positive + ", " +
              percent_range(table[1][1], table[1][0] + table[1][1]) + " were found.",
          "Of the patients who are " + negative + ", " +
              percent_range(table[0][0], table[0][0] + table[0][1]) + " were recognised.",
          "When the model said " + positive + ", it was right in " +
              percent_range(table[1][1], table[0][1] + table[1][1]) + "; when it said " + negative + ", in " +
              percent_range(table[0][0], table[0][0] + table[1][0]) + "."};
}

}  // namespace

TaskWording binary_wording() {
  return {.task = "binary",
          .question = question,
          .heading = [](const data::TaskSpec& spec) { return class_words(spec, 1); },
          .cell = cell_binary,
          .claim = claim_binary,
          .interval = hundredths_range,
          .figures = figures_binary,
          .judge = judge_binary,
          .worst_title = "Most confident mistakes",
          .unsure_rule = "probability within 0.1 of one half, or the ensemble's interval spans it",
          .calibration = calibration,
          .rarest = rarest,
          .decisions = decisions};
}

}  // namespace photo51::report

#include <algorithm>
#include <cmath>
#include <limits>

#include "photo51/core/text.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/tasks/rows.hpp"

namespace photo51::report {
namespace {

using Scored = evaluation::ScoredPredictions;

std::string cell_survival(const TaskWording::Labels& known) {
  const auto events =
      std::count_if(known.begin(), known.end(), [](const auto* label) { return label->event; });
  return share_words(events, static_cast<int64_t>(known.size()));
}

std::string claim_survival(const evaluation::Metric& metric, const data::TaskSpec&) {
  return "Of two patients, the model gives the higher risk to the one whose event comes first " +
         hundredths(metric.value) + " times in 100";
}

std::vector<Figure> figures_survival(const Scored& shown, const std::function<Parts()>&, double) {
  return {{survival_plot(shown),
           "Observed course of the half with the lower and the half with the higher predicted "
           "risk. Shaded: 95 % interval. Small upright marks: patients last seen then.",
           true}};
}

std::string duration(double time, const std::string& unit) {
  const auto shown = time_scale(unit, 0);
  return core::format_fixed(time / shown.divisor, 1) + " " + shown.unit;
}

/// Share of the pairs with other patients that the risks put in the wrong order; NaN without pairs.
double discordance(const Scored& shown, size_t i) {
  double lost = 0, pairs = 0;
  for (size_t j = 0; j < shown.cases.size(); ++j) {
    const auto first = [&](size_t a, size_t b) {
      return shown.event[a] &&
             (shown.value[a] < shown.value[b] || (shown.value[a] == shown.value[b] && !shown.event[b]));
    };
    if (i == j || (!first(i, j) && !first(j, i))) continue;
    const double lead = shown.predicted[i] - shown.predicted[j];
    pairs += 1;
    if (lead == 0)
      lost += 0.5;
    else if ((lead > 0) != first(i, j))
      lost += 1;
  }
  return pairs == 0 ? std::numeric_limits<double>::quiet_NaN() : lost / pairs;
}

Judged judge_survival(const Scored& shown, size_t i) {
  Judged judged;
  judged.index = i;
  judged.badness = discordance(shown, i);
  judged.truth =
      (shown.event[i] ? "event after " : "event-free at ") + duration(shown.value[i], shown.spec.time_unit);
  const auto riskier = std::count_if(shown.predicted.begin(), shown.predicted.end(),
                                     [&](double risk) { return risk > shown.predicted[i]; });
  judged.said =
      "risk rank " + std::to_string(riskier + 1) + " of " + std::to_string(shown.size()) + " (1 = highest)";
  return judged;
}

}  // namespace

TaskWording survival_wording() {
  return {.task = "survival",
          .question =
              [](const data::TaskSpec& spec) {
                return "who has the event `" + spec.event_column + "` earlier (`" + spec.column + "`, in " +
                       spec.time_unit + ")";
              },
          .heading = [](const data::TaskSpec& spec) { return spec.head + ": events"; },
          .cell = cell_survival,
          .claim = claim_survival,
          .interval = hundredths_range,
          .figures = figures_survival,
          .judge = judge_survival,
          .worst_title = "Ranked most against their course",
          .rarest =
              [](const Scored& shown) {
                return Rarest{std::count(shown.event.begin(), shown.event.end(), 1), "observed events"};
              }};
}

}  // namespace photo51::report

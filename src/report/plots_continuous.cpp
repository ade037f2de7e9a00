#include <algorithm>
#include <cmath>
#include <limits>

#include "photo51/core/text.hpp"
#include "photo51/evaluation/survival.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/svg.hpp"

namespace photo51::report {

namespace {

using evaluation::ScoredPredictions;
using evaluation::SurvivalStep;

struct Half {
  std::vector<double> time;
  evaluation::Events event;
};

/// Steps to the right of each time, from (0, 1).
Points staircase(const std::vector<SurvivalStep>& curve, double unit, double SurvivalStep::*height) {
  Points points{{0, 1}};
  for (const auto& step : curve) {
    points.emplace_back(step.time / unit, points.back().second);
    points.emplace_back(step.time / unit, step.*height);
  }
  return points;
}

}  // namespace

std::string survival_plot(const ScoredPredictions& scored) {
  const double longest = *std::max_element(scored.value.begin(), scored.value.end());
  const auto shown = time_scale(scored.spec.time_unit, longest);
  const double unit = shown.divisor;
  auto sorted = scored.predicted;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  Half halves[2];
  evaluation::Events high_risk;
  for (size_t i = 0; i < scored.cases.size(); ++i) {
    const bool high = scored.predicted[i] >= median;
    high_risk.push_back(high ? 1 : 0);
    halves[high].time.push_back(scored.value[i]);
    halves[high].event.push_back(scored.event[i]);
  }
  auto x = axis_for(0, longest / unit, "time, " + shown.unit, 6);
  const auto ticks = x.ticks;
  Plot plot(720, 380, std::move(x), {0, 1, "event-free", {0, 0.25, 0.5, 0.75, 1}, true},
            "Kaplan-Meier curves of the lower and the higher half of predicted risk of " + scored.spec.head,
            52);
  std::vector<std::pair<std::string, std::string>> names;
  for (size_t high = 0; high < 2; ++high) {
    const auto curve = evaluation::kaplan_meier(halves[high].time, halves[high].event);
    auto outline = staircase(curve, unit, &SurvivalStep::high);
    const auto lower = staircase(curve, unit, &SurvivalStep::low);
    outline.insert(outline.end(), lower.rbegin(), lower.rend());
    plot.area("band", outline, color(high));
    plot.line("survival", staircase(curve, unit, &SurvivalStep::survival), color(high));
    for (const auto& step : curve) {
      if (step.censored == 0) continue;
      plot.line("censored",
                {{step.time / unit, step.survival - 0.015}, {step.time / unit, step.survival + 0.015}},
                color(high));
    }
    const auto events = std::count(halves[high].event.begin(), halves[high].event.end(), 1);
    names.emplace_back(std::string(high ? "higher" : "lower") + " predicted risk · " +
                           std::to_string(events) + " events in " + std::to_string(halves[high].time.size()),
                       color(high));
  }
  plot.legend(names, plot.width() - 290, plot.at_y(0.95) + 18);
  const auto test = evaluation::log_rank(scored.value, scored.event, high_risk);
  plot.text(plot.width() - 290, plot.at_y(0.95), "log-rank " + p_words(test.p), "start", "label strong");
  double row = plot.bottom() + 58;
  plot.text(plot.left() - 52, row, "at risk", "start", "tick");
  for (size_t high = 0; high < 2; ++high) {
    for (const double tick : ticks)
      plot.text(plot.at_x(tick), row,
                std::to_string(evaluation::number_at_risk(halves[high].time, tick * unit)), "middle", "label",
                color(high));
    row += 17;
  }
  return plot.done();
}

std::string scatter_plot(const ScoredPredictions& scored) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto* values : {&scored.predicted, &scored.value})
    for (const double value : *values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  Plot plot(360, 360, axis_for(low, high, "true " + scored.spec.head),
            axis_for(low, high, "predicted " + scored.spec.head),
            "Predicted against true values of " + scored.spec.head);
  plot.line("chance", {{low, low}, {high, high}});
  for (size_t i = 0; i < scored.cases.size(); ++i)
    plot.dot("patient", scored.value[i], scored.predicted[i], 3.8, color(0), scored.cases[i]);
  return plot.done();
}

std::string ranked_plot(std::vector<double> values, const std::vector<std::string>& names,
                        const RankedWords& words) {
  std::vector<std::pair<double, std::string>> ranked;
  for (size_t i = 0; i < values.size(); ++i) ranked.emplace_back(values[i], names[i]);
  std::sort(ranked.rbegin(), ranked.rend());
  const auto count = static_cast<double>(ranked.size());
  Plot plot(720, 300, axis_for(0, count + 1, words.ranks, 6),
            axis_for(std::min(ranked.back().first, 0.0), std::max(ranked.front().first, 0.5), words.values),
            words.title);
  plot.line("chance", {{0, 0}, {count + 1, 0}});
  for (size_t i = 0; i < ranked.size(); ++i)
    plot.dot("gene", static_cast<double>(i + 1), ranked[i].first, 3, color(0), ranked[i].second);
  if (!words.names_best) return plot.done();
  std::vector<std::string> best;
  for (size_t i = 0; i < std::min<size_t>(ranked.size(), 5); ++i) best.push_back(ranked[i].second);
  plot.text(plot.at_x(count * 0.08), plot.at_y(ranked.front().first), "best: " + core::join(best, ", "),
            "start", "label");
  return plot.done();
}

std::string forest_plot(const std::vector<ForestRow>& rows, const std::string& metric, double chance) {
  double low = chance, high = 1;
  for (const auto& row : rows) {
    low = std::min({low, row.value, std::isnan(row.low) ? row.value : row.low});
    high = std::max({high, row.value, std::isnan(row.high) ? row.value : row.high});
  }
  constexpr double width = 1000, name_width = 290, value_width = 240, line_height = 27;
  const auto count = static_cast<double>(rows.size());
  auto x = axis_for(low, high, metric);
  // Names stand left of the axis' values and numbers right of them.
  const double middle = width - 20 - name_width - value_width, span = x.high - x.low;
  x.low -= span * name_width / middle;
  x.high += span * value_width / middle;
  Plot plot(width, 54 + line_height * count, std::move(x), {0, count, "", {}, false},
            metric + " by group, with intervals");
  plot.line("chance", {{chance, 0}, {chance, count}});
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const double y = count - 0.5 - static_cast<double>(i), base = plot.at_y(y) + 4;
    const char* paint = color(row.muted ? 6 : 0);
    const char* style = row.headline ? "label strong" : "label";
    if (!std::isnan(row.low)) plot.line("interval", {{row.low, y}, {row.high, y}}, paint);
    plot.dot("estimate", row.value, y, row.headline ? 6 : 4.5, paint);
    plot.text(plot.left() + (row.headline ? 0 : 16), base, row.name, "start", style);
    plot.text(width - 84, base, with_interval(row.value, row.low, row.high), "end", style);
    plot.text(width - 14, base, "n = " + std::to_string(row.n), "end", "label");
  }
  return plot.done();
}

std::string training_plot(const std::vector<TrainingCurve>& curves) {
  size_t epochs = 2;
  std::vector<double> all;
  for (const auto& curve : curves)
    for (const auto* losses : {&curve.training_loss, &curve.validation_loss}) {
      epochs = std::max(epochs, losses->size());
      for (const double loss : *losses)
        if (std::isfinite(loss)) all.push_back(loss);
    }
  if (all.empty()) return "";
  std::sort(all.begin(), all.end());
  const double high = all[(all.size() - 1) * 98 / 100];  // one early spike would flatten everything else
  auto x = axis_for(1, static_cast<double>(epochs), "epoch", 6);
  x.low = 1;
  x.high = static_cast<double>(epochs);
  std::erase_if(x.ticks, [&](double tick) { return tick < x.low || tick > x.high; });
  const auto y = axis_for(std::min(0.0, all.front()), high, "loss");
  Plot plot(720, 300, std::move(x), y, "Training and validation loss by epoch");
  const auto draw = [&](const char* name, const std::vector<double>& losses, const char* paint) {
    Points points;
    for (size_t i = 0; i < losses.size(); ++i)
      if (std::isfinite(losses[i]))
        points.emplace_back(static_cast<double>(i + 1), std::clamp(losses[i], y.low, y.high));
    if (!points.empty()) plot.line(name, points, paint);
  };
  for (const auto& curve : curves) draw("loss", curve.training_loss, color(6));
  for (const auto& curve : curves) draw("loss validation", curve.validation_loss, color(1));
  plot.legend({{"training", color(6)}, {"validation", color(1)}}, plot.width() - 110, plot.at_y(y.high) + 14);
  return plot.done();
}

}  // namespace photo51::report

#include <algorithm>
#include <cmath>

#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/evaluation/classification.hpp"
#include "photo51/evaluation/roc_band.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/svg.hpp"

namespace photo51::report {

namespace {

using evaluation::ScoredPredictions;

constexpr double side = 360;

Axis percent_axis(std::string label) {
  return {0, 1, std::move(label), {0, 0.25, 0.5, 0.75, 1}, true};
}

Plot roc_axes(std::string_view description) {
  Plot plot(side, side, percent_axis("false alarms (1 − specificity)"), percent_axis("found (sensitivity)"),
            description);
  plot.line("chance", {{0, 0}, {1, 1}});
  return plot;
}

Points curve_of(const std::vector<double>& score, const std::vector<int>& label) {
  Points points;
  for (const auto& point : evaluation::roc_curve(score, label))
    points.emplace_back(point.false_positive_rate, point.true_positive_rate);
  return points;
}

std::string named(const std::string& name, double area) {
  return name + " · " + core::format_fixed(area, 2);
}

void legend_in_corner(Plot& plot, const std::vector<std::pair<std::string, std::string>>& names) {
  plot.legend(names, plot.at_x(0.53), plot.at_y(0) - 16.0 * static_cast<double>(names.size()) + 4);
}

}  // namespace

std::string roc_plot(const ScoredPredictions& scored, const Parts& parts, double level) {
  const double area = evaluation::auroc(scored.predicted, scored.label);
  Plot plot = roc_axes("ROC curve of " + scored.spec.head + ", area " + core::format_fixed(area, 2));
  const auto band =
      evaluation::roc_band(scored.predicted, scored.label, {.samples = 500, .level = level, .seed = 0});
  Points outline;
  for (const auto& point : band) outline.emplace_back(point.false_positive_rate, point.high);
  for (auto point = band.rbegin(); point != band.rend(); ++point)
    outline.emplace_back(point->false_positive_rate, point->low);
  if (!outline.empty()) plot.area("band", outline, color(0));
  std::vector<std::pair<std::string, std::string>> names{{named("all", area), color(0)}};
  for (const auto& [name, part] : parts) {
    const auto points = curve_of(part.predicted, part.label);
    if (points.empty() || names.size() > 6) continue;
    const char* paint = color(names.size());
    plot.line("roc part", points, paint);
    names.emplace_back(named(name, evaluation::auroc(part.predicted, part.label)), paint);
  }
  plot.line("roc", curve_of(scored.predicted, scored.label), color(0));
  legend_in_corner(plot, names);
  return plot.done();
}

std::string one_vs_rest_plot(const ScoredPredictions& scored) {
  Plot plot = roc_axes("ROC curves of " + scored.spec.head + ", each class against the rest");
  std::vector<std::pair<std::string, std::string>> names;
  const size_t width = scored.classes.size();
  for (size_t c = 0; c < width; ++c) {
    std::vector<double> score;
    std::vector<int> label;
    for (size_t i = 0; i < scored.cases.size(); ++i) {
      score.push_back(scored.predicted[i * width + c]);
      label.push_back(scored.label[i] == static_cast<int>(c));
    }
    const auto points = curve_of(score, label);
    if (points.empty()) continue;
    plot.line("roc", points, color(c));
    names.emplace_back(named(scored.classes[c], evaluation::auroc(score, label)), color(c));
  }
  legend_in_corner(plot, names);
  return plot.done();
}

std::string calibration_plot(const ScoredPredictions& scored) {
  Plot plot(side, side, percent_axis("predicted probability"), percent_axis("observed share"),
            "Calibration of " + scored.spec.head);
  plot.line("chance", {{0, 0}, {1, 1}});
  for (size_t i = 0; i < scored.cases.size(); ++i) {
    const double x = scored.predicted[i];
    const bool positive = scored.label[i] == 1;
    plot.line("rug", {{x, positive ? 0.98 : 0.0}, {x, positive ? 1.0 : 0.02}}, color(positive ? 1 : 0));
  }
  const int64_t bins = std::clamp<int64_t>(scored.size() / 15, 3, 8);
  const auto points =
      evaluation::calibration_bins(scored.predicted, scored.label, bins, evaluation::Binning::quantile);
  Points path;
  for (const auto& bin : points) {
    const auto interval = evaluation::wilson_interval(bin.observed, bin.count);
    plot.line("whisker", {{bin.predicted, interval.low}, {bin.predicted, interval.high}}, color(0));
    path.emplace_back(bin.predicted, bin.observed);
  }
  plot.line("calibration", path, color(0));
  for (const auto& bin : points)
    plot.dot("bin", bin.predicted, bin.observed, 4.5, color(0), std::to_string(bin.count) + " patients");
  return plot.done();
}

std::string strip_plot(const ScoredPredictions& scored) {
  Plot plot(side, side, percent_axis("predicted probability"), {0, 1, "", {}, false},
            "Predicted probability of every patient, apart by truth");
  plot.line("threshold", {{0.5, 0}, {0.5, 1}});
  for (size_t i = 0; i < scored.cases.size(); ++i) {
    core::Random random({core::hash_key(scored.cases[i])});
    const bool positive = scored.label[i] == 1;
    const bool right = (scored.predicted[i] >= 0.5) == positive;
    plot.dot(right ? "patient" : "patient wrong", scored.predicted[i],
             (positive ? 0.71 : 0.2) + random.uniform(-0.15, 0.15), 3.8, color(positive ? 1 : 0),
             scored.cases[i] + ": " + core::format_fixed(scored.predicted[i], 2));
  }
  const auto counted = [&](int label) {
    return class_words(scored.spec, label) + " · " +
           std::to_string(std::count(scored.label.begin(), scored.label.end(), label)) + " patients";
  };
  plot.text(plot.at_x(0) + 4, plot.at_y(0.93), counted(1), "start", "label strong", color(1));
  plot.text(plot.at_x(0) + 4, plot.at_y(0.42), counted(0), "start", "label strong", color(0));
  return plot.done();
}

}  // namespace photo51::report

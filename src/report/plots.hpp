#pragma once
/// The report's plots, each an SVG element as text.

#include <string>
#include <utility>
#include <vector>

#include "photo51/evaluation/scored.hpp"
#include "photo51/report/report.hpp"
#include "photo51/report/task_wording.hpp"

namespace photo51::report {

/// Binary: the curve with its bootstrap band, thin curves of the parts that have both classes.
std::string roc_plot(const evaluation::ScoredPredictions& scored, const Parts& parts, double level);
/// Multiclass: a curve a class against the rest.
std::string one_vs_rest_plot(const evaluation::ScoredPredictions& scored);
/// Binary: observed against predicted in bins of about equally many patients, with Wilson intervals.
std::string calibration_plot(const evaluation::ScoredPredictions& scored);
/// Binary: every patient's probability, apart by truth.
std::string strip_plot(const evaluation::ScoredPredictions& scored);
/// Kaplan-Meier by risk half with numbers at risk and the log-rank p.
std::string survival_plot(const evaluation::ScoredPredictions& scored);
/// Regression: predicted against true.
std::string scatter_plot(const evaluation::ScoredPredictions& scored);

/// Values from the largest to the smallest, a dot each; the outermost are named.
struct RankedWords {
  std::string ranks = "genes by rank", values = "correlation", title = "Correlation of each gene, best first";
  bool names_best = true;
};
std::string ranked_plot(std::vector<double> values, const std::vector<std::string>& names,
                        const RankedWords& words = {});

/// Value and interval of each row on one axis.
struct ForestRow {
  std::string name;
  double value = 0, low = 0, high = 0;
  int64_t n = 0;
  bool headline = false, muted = false;
};
std::string forest_plot(const std::vector<ForestRow>& rows, const std::string& metric, double chance);
/// Loss by epoch, a line a model, validation bold. Empty when nothing was measured.
std::string training_plot(const std::vector<TrainingCurve>& curves);

}  // namespace photo51::report

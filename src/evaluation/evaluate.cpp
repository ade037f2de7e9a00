#include "photo51/evaluation/evaluate.hpp"

#include <array>
#include <cmath>
#include <functional>
#include <set>
#include <span>

#include "evaluation/undefined.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/evaluation/bootstrap.hpp"
#include "photo51/evaluation/classification.hpp"
#include "photo51/evaluation/expression.hpp"
#include "photo51/evaluation/regression.hpp"
#include "photo51/evaluation/scored.hpp"
#include "photo51/evaluation/survival.hpp"
#include "photo51/evaluation/task_metrics.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::evaluation {

namespace {

/// A resample: what the statistics read, without names and intervals, which cost time a thousand times over.
ScoredPredictions resampled(const ScoredPredictions& scored, std::span<const int64_t> chosen) {
  ScoredPredictions some;
  some.spec.task = scored.spec.task;
  some.classes = scored.classes;
  const auto width = static_cast<size_t>(scored.width());
  const auto values = scored.values_per_case();
  some.predicted.reserve(chosen.size() * width);
  for (const int64_t patient : chosen) {
    const auto i = static_cast<size_t>(patient);
    for (size_t c = 0; c < width; ++c) some.predicted.push_back(scored.predicted[i * width + c]);
    if (!scored.label.empty()) some.label.push_back(scored.label[i]);
    for (size_t c = 0; c < values; ++c) some.value.push_back(scored.value[i * values + c]);
    if (!scored.event.empty()) some.event.push_back(scored.event[i]);
    if (!scored.maps.empty()) some.maps.push_back(scored.maps[i]);
  }
  return some;
}

size_t distinct_classes(const ScoredPredictions& scored) {
  return std::set<int>(scored.label.begin(), scored.label.end()).size();
}

void measure(const ScoredPredictions& scored, const std::string& group, const EvaluateOptions& options,
             std::vector<Metric>& metrics) {
  const TaskMetrics& of_task = metrics_of(scored.spec.task);
  const auto& head = scored.spec.head;
  const size_t classes = distinct_classes(scored);
  const BootstrapOptions bootstrap_options{options.bootstrap_samples, options.level, options.seed};
  std::vector<Statistic> statistics = of_task.statistics;
  if (of_task.of_classes != nullptr)
    for (auto& one : of_task.of_classes(scored.spec)) statistics.push_back(std::move(one));
  for (const auto& [name, of, count] : statistics) {
    Metric metric{head, name, group, of(scored), undefined, undefined, count ? count(scored) : scored.size()};
    if (std::isnan(metric.value)) continue;
    if (options.confidence == Confidence::bootstrap) {
      // A resample that lost a class estimates something else, also where the statistic is still defined.
      const auto interval = bootstrap(
          scored.size(),
          [&, &statistic = of](std::span<const int64_t> chosen) {
            const auto resample = resampled(scored, chosen);
            return distinct_classes(resample) == classes ? statistic(resample) : undefined;
          },
          head + "/" + group, bootstrap_options);
      metric.low = interval.low;
      metric.high = interval.high;
    }
    metrics.push_back(std::move(metric));
  }
  if (of_task.of_outputs == nullptr || group != run::group::all) return;
  const auto values = of_task.of_outputs(scored);
  for (size_t i = 0; i < values.size(); ++i)
    metrics.push_back({head, of_task.by_output + ":" + scored.classes[i], group, values[i], undefined,
                       undefined, scored.size()});
}

}  // namespace

std::span<const std::string_view> enum_names(Confidence) {
  static constexpr std::array<std::string_view, 2> names{"bootstrap", "none"};
  return names;
}

void describe(config::Fields& f, EvaluateOptions& o) {
  f("confidence", o.confidence, "intervals of the metrics: resampled patients, or none");
  f("bootstrap_samples", o.bootstrap_samples, "resamples of the patients", {.min = 10, .max = 1000000});
  f("level", o.level, "confidence level of the intervals", {.min = 0.5, .max = 0.999});
  f("groups", o.groups, "manifest columns whose values are also scored apart");
  f("seed", o.seed, "of the resampling", {.min = 0});
  f("surface_tolerance", o.surface_tolerance,
    "of a drawn surface that is this near the true one counts as right (NSD)", {.min = 0, .unit = "mm"});
  f("report_ids", o.report_ids,
    "name cases in report.html by their ids; false: by their place in predictions.csv, so that it can be "
    "shared");
}

std::vector<Metric> evaluate(const std::vector<model::Prediction>& predictions, const GroundTruth& truth,
                             const EvaluateOptions& options) {
  std::vector<Metric> metrics;
  core::Progress progress("scoring", static_cast<int64_t>(truth.specs.size() * (1 + truth.groups.size())),
                          core::Progress::Show::if_slow);
  for (const auto& spec : truth.specs) {
    const auto scored = join(predictions, truth, spec);
    const auto obstacle = metrics_of(spec.task).obstacle;
    if (const auto why = obstacle(scored); !why.empty()) core::fail_data("head " + spec.head + ": " + why);
    measure(scored, run::group::all, options, metrics);
    progress.advance();
    for (const auto& [column, values] : truth.groups) {
      std::map<std::string, std::vector<int64_t>> members;
      for (int64_t i = 0; i < scored.size(); ++i) {
        const auto value = values.find(scored.cases[static_cast<size_t>(i)]);
        if (value != values.end() && !value->second.empty()) members[value->second].push_back(i);
      }
      for (const auto& [value, patients] : members) {
        const auto group = scored.pick(patients);
        if (obstacle(group).empty()) measure(group, column + "=" + value, options, metrics);
      }
      progress.advance();
    }
  }
  return metrics;
}

std::vector<Metric> evaluate_each(const std::vector<model::Prediction>& predictions, const GroundTruth& truth,
                                  const EvaluateOptions& options,
                                  const std::function<void(const std::string& why)>& obstacle) {
  std::vector<Metric> metrics;
  for (const auto& spec : truth.specs) {
    GroundTruth one = truth;
    one.specs = {spec};
    try {
      for (auto& metric : evaluate(predictions, one, options)) metrics.push_back(std::move(metric));
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      obstacle(error.what());
    }
  }
  return metrics;
}

std::string to_csv(const std::vector<Metric>& metrics, const std::string& unfinished) {
  const auto cell = [](double value) {
    return std::isnan(value) ? std::string() : core::format_number(value);
  };
  const auto row = [&](std::vector<std::string> cells, const std::string& last) {
    if (!unfinished.empty()) cells.push_back(last);
    return core::csv_row(cells);
  };
  std::string text = row({"head", "metric", "group", "value", "low", "high", "n"}, "unfinished");
  for (const auto& m : metrics)
    text += row({m.head, m.metric, m.group, core::format_number(m.value), cell(m.low), cell(m.high),
                 std::to_string(m.n)},
                unfinished);
  return text;
}

}  // namespace photo51::evaluation

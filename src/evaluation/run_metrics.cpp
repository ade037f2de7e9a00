#include "photo51/evaluation/run_metrics.hpp"

#include <set>

#include "photo51/core/log.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::evaluation {

RunPredictions by_part(std::vector<model::Prediction> predictions, const std::vector<run::CaseRow>& cases,
                       const data::SplitOptions& split) {
  std::set<std::string> test;
  for (const auto& one : cases)
    if (one.part == run::part::test) test.insert(one.id);
  RunPredictions parts;
  parts.one_split = split.folds == 0 && split.fold_by.empty();
  for (auto& prediction : predictions)
    (test.contains(prediction.case_id) ? parts.test : parts.development).push_back(std::move(prediction));
  return parts;
}

std::vector<int64_t> rows_of(const data::Cohort& cohort, const std::vector<model::Prediction>& predictions) {
  std::set<std::string> names;
  for (const auto& prediction : predictions) names.insert(prediction.case_id);
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < cohort.size(); ++row)
    if (names.contains(cohort.id(row))) rows.push_back(row);
  return rows;
}

std::vector<Metric> evaluate_run(const RunPredictions& predictions, const data::Cohort& cohort,
                                 const EvaluateOptions& options, std::vector<std::string>* warnings) {
  std::vector<Metric> metrics;
  const auto score = [&](const std::vector<model::Prediction>& part, const std::string& name) {
    if (part.empty()) return;
    auto truth = truth_of(cohort, rows_of(cohort, part), options.groups);
    truth.maps = predictions.maps;
    const auto obstacle = [&](const std::string& why) {
      core::log_warning("not scored: " + name + ": " + why);
      if (warnings != nullptr) warnings->push_back("Not scored: " + name + ": " + why);
    };
    for (auto& metric : evaluate_each(part, truth, options, obstacle)) {
      if (name != run::group::all)
        metric.group = metric.group == run::group::all ? name : name + "/" + metric.group;
      metrics.push_back(std::move(metric));
    }
  };
  score(predictions.test, run::group::all);
  score(predictions.development, predictions.test.empty() ? run::group::all
                                 : predictions.one_split  ? run::group::validation
                                                          : run::group::cross_validation);
  return metrics;
}

}  // namespace photo51::evaluation

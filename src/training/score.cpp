#include <algorithm>
#include <set>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/table.hpp"
#include "photo51/training/run.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;

/// A part without two classes or an event has no metric of that head: the run says so and goes on.
void score(const std::vector<model::Prediction>& predictions, const evaluation::Truth& truth,
           const evaluation::EvaluateOptions& options, const std::string& part,
           std::vector<evaluation::Metric>& metrics) {
  for (const auto& spec : truth.specs) {
    evaluation::Truth one = truth;
    one.specs = {spec};
    try {
      for (auto& metric : evaluation::evaluate(predictions, one, options)) {
        if (part != "all") metric.group = metric.group == "all" ? part : part + "/" + metric.group;
        metrics.push_back(metric);
      }
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      core::log_warning("not scored: " + part + ": " + std::string(error.what()));
    }
  }
}

}  // namespace

ScoredRun load_run(const fs::path& folder) {
  if (!fs::exists(folder / "config.yaml"))
    core::fail_usage(folder.string() + ": is no run folder (no config.yaml)");
  if (!fs::exists(folder / "predictions.csv"))
    core::fail_data(folder.string() +
                    ": there is no predictions.csv; the run is not finished, go on with `photo51 train … "
                    "--resume`");
  ScoredRun run;
  config::read(config::load_document(folder / "config.yaml"), run.experiment);
  const auto& pipeline = run.experiment.pipeline;
  run.cohort =
      std::make_shared<data::Cohort>(pipeline.cohort, pipeline.inputs, model::label_specs(pipeline.model));
  const core::Table cases = core::read_table(folder / "cases.csv");
  const size_t name = cases.require("case"), part = cases.require("part");
  std::set<std::string> test;
  for (const auto& row : cases.rows)
    if (row[part] == "test") test.insert(row[name]);
  for (auto& prediction : model::read_predictions(folder / "predictions.csv"))
    (test.contains(prediction.case_id) ? run.test : run.development).push_back(std::move(prediction));
  return run;
}

std::vector<int64_t> rows_of(const data::Cohort& cohort, const std::vector<model::Prediction>& predictions) {
  std::set<std::string> names;
  for (const auto& prediction : predictions) names.insert(prediction.case_id);
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < cohort.size(); ++row)
    if (names.contains(cohort.id(row))) rows.push_back(row);
  return rows;
}

std::vector<evaluation::Metric> score_run(const ScoredRun& run, const evaluation::EvaluateOptions& options) {
  std::vector<evaluation::Metric> metrics;
  const auto part = [&](const std::vector<model::Prediction>& predictions, const std::string& name) {
    if (predictions.empty()) return;
    const auto truth = evaluation::truth_of(*run.cohort, rows_of(*run.cohort, predictions), options.groups);
    score(predictions, truth, options, name, metrics);
  };
  part(run.test, "all");
  const auto& split = run.experiment.pipeline.cohort.split;
  const bool one_split = split.folds == 0 && split.fold_by.empty();
  part(run.development, run.test.empty() ? "all" : one_split ? "validation" : "cross_validation");
  return metrics;
}

}  // namespace photo51::training

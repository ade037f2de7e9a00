#include <algorithm>
#include <map>
#include <set>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/run/state.hpp"
#include "photo51/training/run/run.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;

using Predictions = std::vector<model::Prediction>;

/// What the members that are done said, as a finished run has it.
Predictions of_members(const fs::path& folder, const core::Table& cases, const ScoredRun& run) {
  const size_t name = cases.require("case"), part = cases.require("part"), fold = cases.require("fold");
  std::map<std::string, std::string> fold_of;
  std::set<std::string> test, folds;
  for (const auto& row : cases.rows) {
    if (row[part] == "test") test.insert(row[name]);
    if (row[fold].empty()) continue;
    fold_of[row[name]] = row[fold];
    folds.insert(row[fold]);
  }
  if (folds.empty()) folds.insert("0");
  std::vector<Predictions> on_test;
  Predictions all;
  for (const auto& number : folds) {
    std::vector<Predictions> on_validation;
    for (int64_t repeat = 0; repeat < run.experiment.train.repeats; ++repeat) {
      const auto member = run::member_name(core::parse_int(number).value_or(0), repeat);
      const fs::path file = folder / run::name::checkpoints / member / run::name::predictions;
      if (!fs::exists(file)) continue;
      if (!run::check_member(folder, member))
        core::log_warning(file.string() + ": nothing shows that it is what the run wrote");
      on_test.emplace_back(), on_validation.emplace_back();
      for (const auto& prediction : model::read_predictions(file))
        (test.contains(prediction.case_id) ? on_test : on_validation).back().push_back(prediction);
    }
    const auto combined = inference::combine(on_validation, run.cohort->labels());
    all.insert(all.end(), combined.begin(), combined.end());
  }
  const auto combined = inference::combine(on_test, run.cohort->labels());
  all.insert(all.end(), combined.begin(), combined.end());
  if (all.empty()) core::fail_data(folder.string() + ": no model is trained to the end yet");
  return all;
}

/// Labels may have been corrected since; who reads the scores must know.
void compare_labels(const fs::path& folder, ScoredRun& run) {
  const fs::path file = folder / run::name::data_hashes;
  if (!fs::exists(file)) return;
  const core::Table hashes = core::read_table(file);
  const size_t name = hashes.require("case"), row_hash = hashes.require("row");
  std::map<std::string, std::string> before;
  for (const auto& row : hashes.rows) before[row[name]] = row[row_hash];
  std::vector<std::string> changed;
  for (int64_t row = 0; row < run.cohort->size(); ++row)
    if (before[run.cohort->id(row)] != run.cohort->row_hash(row)) changed.push_back(run.cohort->id(row));
  if (changed.empty()) return;
  run.warnings.push_back(run.experiment.pipeline.cohort.manifest.string() + ": what it says of " +
                         std::to_string(changed.size()) + " case(s), the first " + changed.front() +
                         ", has changed since the run was trained; labels are those of now");
}

}  // namespace

ScoredRun load_run(const fs::path& folder, const LoadRunOptions& options) {
  if (!fs::exists(folder / run::name::config))
    core::fail_usage(folder.string() + ": is no run folder (no config.yaml)");
  const bool predicted = fs::exists(folder / run::name::predictions);
  ScoredRun run;
  if (!predicted) {
    const std::string missing = run::missing_models(folder);
    run.unfinished = missing.empty() ? "its predictions are not written yet" : missing;
    if (!options.allow_unfinished)
      core::fail_data(folder.string() + ": there is no predictions.csv; the run is not finished (" +
                      run.unfinished +
                      "), go on with `photo51 train … --resume`, or give --allow-unfinished");
    run.warnings.push_back("The run is not finished: " + run.unfinished + ".");
  } else if (!run::check_results(folder)) {
    core::log_warning(
        folder.string() +
        ": there is no result_hashes.json, so nothing shows that the predictions are the run's own");
  }
  config::read(config::load_lone_document(folder / run::name::config), run.experiment);
  auto& pipeline = run.experiment.pipeline;
  if (!options.data_root.empty()) pipeline.cohort.data_root = fs::absolute(options.data_root);
  run.cohort =
      std::make_shared<data::Cohort>(pipeline.cohort, pipeline.inputs, model::label_specs(pipeline.model));
  compare_labels(folder, run);
  const core::Table cases = core::read_table(folder / run::name::cases);
  const size_t name = cases.require("case"), part = cases.require("part");
  std::set<std::string> test;
  for (const auto& row : cases.rows)
    if (row[part] == "test") test.insert(row[name]);
  auto predictions =
      predicted ? model::read_predictions(folder / run::name::predictions) : of_members(folder, cases, run);
  for (auto& prediction : predictions)
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

std::vector<evaluation::Metric> score_run(const ScoredRun& run, const evaluation::EvaluateOptions& options,
                                          std::vector<std::string>* warnings) {
  std::vector<evaluation::Metric> metrics;
  const auto part = [&](const Predictions& predictions, const std::string& name) {
    if (predictions.empty()) return;
    const auto truth = evaluation::truth_of(*run.cohort, rows_of(*run.cohort, predictions), options.groups);
    const auto obstacle = [&](const std::string& why) {
      core::log_warning("not scored: " + name + ": " + why);
      if (warnings != nullptr) warnings->push_back("Not scored: " + name + ": " + why);
    };
    for (auto& metric : evaluation::evaluate_each(predictions, truth, options, obstacle)) {
      if (name != "all") metric.group = metric.group == "all" ? name : name + "/" + metric.group;
      metrics.push_back(std::move(metric));
    }
  };
  part(run.test, "all");
  const auto& split = run.experiment.pipeline.cohort.split;
  const bool one_split = split.folds == 0 && split.fold_by.empty();
  part(run.development, run.test.empty() ? "all" : one_split ? "validation" : "cross_validation");
  return metrics;
}

}  // namespace photo51::training

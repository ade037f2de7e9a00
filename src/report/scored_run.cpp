#include "photo51/report/scored_run.hpp"

#include <map>
#include <set>

#include "photo51/config/read.hpp"
#include "photo51/config/stored_keys.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/run/cases.hpp"
#include "photo51/run/format.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/run/state.hpp"

namespace photo51::report {
namespace {

namespace fs = std::filesystem;

using Predictions = std::vector<model::Prediction>;

/// A run's config without how it was trained.
struct RunConfig {
  inference::PipelineOptions pipeline;
  evaluation::EvaluateOptions evaluate;
};
void describe(config::Fields& f, RunConfig& o) {
  describe(f, o.pipeline);
  f.section("evaluate", o.evaluate, "how it is scored");
}

RunConfig read_config(const fs::path& folder, const std::vector<std::string>& overrides) {
  config::Node document = config::load_lone_document(folder / run::name::config);
  config::drop_keys_of_others<RunConfig>(document);
  const config::ChoiceKeys keys = config::choice_keys<RunConfig>();
  for (const auto& assignment : overrides) config::apply_override(document, assignment, keys);
  document.erase("train");
  RunConfig options;
  config::read(document, options);
  return options;
}

/// What the members that are done said, as a finished run has it.
Predictions of_members(const fs::path& folder, const std::vector<run::CaseRow>& cases, int64_t repeats,
                       const std::vector<data::TaskSpec>& labels) {
  std::set<std::string> test, folds;
  for (const auto& one : cases) {
    if (one.part == run::part::test) test.insert(one.id);
    if (!one.fold.empty()) folds.insert(one.fold);
  }
  if (folds.empty()) folds.insert("0");
  std::vector<Predictions> on_test;
  Predictions all;
  for (const auto& number : folds) {
    std::vector<Predictions> on_validation;
    for (int64_t repeat = 0; repeat < repeats; ++repeat) {
      const auto member = run::member_name(core::parse_int(number).value_or(0), repeat);
      const fs::path file = folder / run::name::checkpoints / member / run::name::predictions;
      if (!fs::exists(file)) continue;
      if (!run::check_member(folder, member))
        core::log_warning(file.string() + ": nothing shows that it is what the run wrote");
      on_test.emplace_back(), on_validation.emplace_back();
      for (const auto& prediction : model::read_predictions(file))
        (test.contains(prediction.case_id) ? on_test : on_validation).back().push_back(prediction);
    }
    const auto combined = inference::combine(on_validation, labels);
    all.insert(all.end(), combined.begin(), combined.end());
  }
  const auto combined = inference::combine(on_test, labels);
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
  run.warnings.push_back(run.pipeline.cohort.manifest.string() + ": what it says of " +
                         std::to_string(changed.size()) + " case(s), the first " + changed.front() +
                         ", has changed since the run was trained; labels are those of now");
}

}  // namespace

ScoredRun load_run(const fs::path& folder, const LoadRunOptions& options) {
  if (!fs::exists(folder / run::name::config))
    core::fail_usage(folder.string() + ": is no run folder (no config.yaml)");
  run::check_format(folder);
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
  RunConfig read = read_config(folder, options.overrides);
  run.pipeline = std::move(read.pipeline);
  run.evaluate = std::move(read.evaluate);
  const run::Training training = run::training_of(folder);
  run.seed = training.seed;
  auto& pipeline = run.pipeline;
  if (!options.data_root.empty()) pipeline.cohort.data_root = fs::absolute(options.data_root);
  run.cohort = std::make_shared<const data::Cohort>(pipeline.cohort, pipeline.inputs,
                                                    model::label_specs(pipeline.model));
  compare_labels(folder, run);
  const auto cases = run::read_cases(folder);
  auto predictions = predicted ? model::read_predictions(folder / run::name::predictions)
                               : of_members(folder, cases, training.repeats, run.cohort->labels());
  run.predictions = evaluation::by_part(std::move(predictions), cases, pipeline.cohort.split);
  if (fs::exists(folder / run::name::map_scores))
    run.predictions.maps = evaluation::read_map_scores(folder / run::name::map_scores);
  return run;
}

}  // namespace photo51::report

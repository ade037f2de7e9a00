#include "photo51/training/run/run.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "photo51/config/validate.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/interrupt.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/evaluation/task_metrics.hpp"
#include "photo51/run/cases.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/run/state.hpp"
#include "photo51/training/loop/trainer.hpp"
#include "training/loop/checkpoint.hpp"
#include "training/loop/estimators.hpp"
#include "training/run/folder.hpp"
#include "training/run/map_pass.hpp"
#include "training/run/preflight.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using Predictions = std::vector<model::Prediction>;

class Run {
 public:
  Run(ExperimentOptions experiment, const RunRequest& request)
      : experiment_(std::move(experiment)),
        request_(request),
        folder_(request, experiment_),
        shared_cohort_(std::make_shared<const data::Cohort>(experiment_.pipeline.cohort,
                                                            experiment_.pipeline.inputs,
                                                            model::label_specs(experiment_.pipeline.model))),
        cohort_(*shared_cohort_) {
    at::set_num_threads(static_cast<int>(experiment_.train.threads));
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    split_ = data::split_cohort(cohort_, experiment_.pipeline.cohort.split);
    data::check_leakage(cohort_, split_, experiment_.pipeline.cohort.split.group);
    leave_out_empty_cases();
    noting_stops([this] {
      preflight(experiment_, cohort_, split_,
                [this](int64_t row, const std::string& why) { leave_out(row, why); });
    });
  }

  TrainedRun train() {
    folder_.open();
    noting_stops([this] { train_members(); });
    evaluation::RunPredictions predictions = written_predictions();
    std::vector<std::string> warnings;
    auto metrics = evaluation::evaluate_run(predictions, cohort_, experiment_.evaluate, &warnings);
    core::write_file_atomic(folder_.path() / run::name::metrics, evaluation::to_csv(metrics));
    if (!bad_.empty())
      core::log_warning(std::to_string(bad_.size()) + " case(s) left out because they cannot be read");
    return {folder_.take_lock(),    experiment_,        shared_cohort_,
            std::move(predictions), std::move(metrics), std::move(warnings)};
  }

 private:
  void noting_stops(const std::function<void()>& body) {
    try {
      body();
    } catch (const core::Error& error) {
      folder_.note_stop(error, cohort_);
      throw;
    }
  }

  void train_members() {
    folder_.write_environment(experiment_, cohort_, bad_);
    folder_.write_cases(cohort_, split_);
    folder_.recall_warnings(cohort_);
    folder_.start_log(logged());
    std::vector<Predictions> test;
    Predictions development;
    for (size_t fold = 0; fold < split_.folds.size(); ++fold) {
      std::vector<Predictions> validation;
      for (int64_t repeat = 0; repeat < experiment_.train.repeats; ++repeat) {
        const Predictions all = member_predictions(static_cast<int64_t>(fold), repeat);
        validation.push_back(of_rows(all, split_.folds[fold].validation));
        test.push_back(of_rows(all, split_.test));
      }
      const auto combined = inference::combine(in_all(std::move(validation)), cohort_.labels());
      development.insert(development.end(), combined.begin(), combined.end());
    }
    Predictions predictions = inference::combine(in_all(std::move(test)), cohort_.labels());
    predictions.insert(predictions.begin(), development.begin(), development.end());
    predictions = with_maps(std::move(predictions));
    core::write_file_atomic(folder_.path() / run::name::predictions, model::to_csv(predictions));
    core::write_file_atomic(folder_.path() / run::name::predictions_json,
                            model::to_json(predictions, cohort_.warnings()));
    folder_.start_log(logged());  // a member that was begun anew has no lines from before
    folder_.write_warnings(cohort_);
    cohort_.summarise_warnings();
    folder_.finish();
  }

  /// The predictions with those of heads that outline, whose maps are drawn and scored: of a fold's
  /// validation part by its models, of test cases by all.
  Predictions with_maps(Predictions predictions) {
    MapPass pass(experiment_, cohort_, folder_.path());
    if (!pass.any()) return predictions;
    for (size_t fold = 0; fold < split_.folds.size(); ++fold)
      for (int64_t repeat = 0; repeat < experiment_.train.repeats; ++repeat)
        pass.add_member(static_cast<int64_t>(fold), repeat,
                        folder_.member(static_cast<int64_t>(fold), repeat) / run::name::best);
    const auto on_bad = [this](int64_t row, const std::string& why) { leave_out(row, why); };
    for (size_t fold = 0; fold < split_.folds.size(); ++fold)
      pass.draw(split_.folds[fold].validation, static_cast<int64_t>(fold), on_bad);
    pass.draw(split_.test, MapPass::all_folds, on_bad);
    return pass.finish(std::move(predictions));
  }

  /// As `evaluate` will find them, so that both score the same.
  evaluation::RunPredictions written_predictions() const {
    auto parts = evaluation::by_part(model::read_predictions(folder_.path() / run::name::predictions),
                                     run::read_cases(folder_.path()), experiment_.pipeline.cohort.split);
    if (fs::exists(folder_.path() / run::name::map_scores))
      parts.maps = evaluation::read_map_scores(folder_.path() / run::name::map_scores);
    return parts;
  }

  /// A case with none of the model's inputs teaches nothing and cannot be predicted.
  void leave_out_empty_cases() {
    std::set<std::string> empty;
    const auto clean = [&](std::vector<int64_t>& rows) {
      rows = inference::with_any_input(
          cohort_, rows, [&](int64_t row, const std::string&) { empty.insert(cohort_.id(row)); });
    };
    for (auto& fold : split_.folds) {
      clean(fold.train);
      clean(fold.validation);
      if (fold.train.empty()) core::fail_data("no training case has any of the inputs; check the manifest");
    }
    clean(split_.test);
    if (empty.empty()) return;
    core::log_warning(std::to_string(empty.size()) + " case(s) have none of the inputs and are left out: " +
                      core::join({empty.begin(), empty.end()}, ", "));
  }

  void leave_out(int64_t row, const std::string& why) {
    if (!bad_.insert(row).second) return;
    cohort_.report_left_out(cohort_.id(row), why);
  }

  /// The lines of the epochs that count, from the states of the members.
  std::vector<std::string> logged() const {
    std::vector<std::string> lines;
    for (size_t fold = 0; fold < split_.folds.size(); ++fold)
      for (int64_t repeat = 0; repeat < experiment_.train.repeats; ++repeat) {
        const fs::path last = folder_.member(static_cast<int64_t>(fold), repeat) / run::name::last;
        if (!fs::exists(last)) continue;
        const auto history = read_state(last).history;
        lines.insert(lines.end(), history.begin(), history.end());
      }
    return lines;
  }

  std::string title(int64_t fold, int64_t repeat) const {
    std::string text = split_.folds.size() == 1 ? "training"
                                                : "fold " + std::to_string(fold + 1) + " of " +
                                                      std::to_string(split_.folds.size());
    if (experiment_.train.repeats > 1) text += ", repeat " + std::to_string(repeat + 1);
    return text;
  }

  /// What this member says of its validation and the test cases; trains it when it has not said so yet.
  Predictions member_predictions(int64_t fold, int64_t repeat) {
    const fs::path folder = folder_.member(fold, repeat);
    const fs::path file = folder / run::name::predictions;
    const std::string name = run::member_name(fold, repeat);
    if (fs::exists(file)) {
      if (run::check_member(folder_.path(), name)) return model::read_predictions(file);
      core::log_warning(file.string() +
                        ": nothing shows that it is what the run wrote, so its cases are predicted again");
    }
    const auto& rows = split_.folds[static_cast<size_t>(fold)];
    const auto on_bad = [this](int64_t row, const std::string& why) { leave_out(row, why); };
    const auto stop = [this] {
      ++steps_;
      if (request_.on_step) request_.on_step(steps_);
      return core::interrupted() || (request_.stop_after_steps > 0 && steps_ >= request_.stop_after_steps);
    };
    const TrainingJob job{experiment_,
                          cohort_,
                          title(fold, repeat),
                          fold,
                          repeat,
                          rows.train,
                          rows.validation,
                          folder,
                          [this](const std::string& line) { folder_.log(line); },
                          stop,
                          on_bad,
                          static_cast<int64_t>(split_.folds.size()) * experiment_.train.repeats};
    const data::FittedTransforms fitted = data::fit(cohort_, rows.train);
    if (!images_) images_ = std::make_unique<data::CaseLoader>(cohort_, fitted, experiment_.train.cache_mib);
    const data::CaseLoader cases(*images_, fitted);
    inference::TrainedModel member = train_model(job, fitted, cases);
    fit_estimators(member, job, cases);

    const inference::InferenceOptions pass = pass_options(job);
    scale_risks(member, cases, rows.train, pass);
    member.save(folder / run::name::best);
    std::vector<int64_t> asked = rows.validation;
    asked.insert(asked.end(), split_.test.begin(), split_.test.end());
    Predictions predictions;  // of heads that outline: at the end, see with_maps
    if (!std::ranges::all_of(cohort_.labels(),
                             [](const auto& label) { return data::task_of(label).is_dense; }))
      predictions = inference::predict(member, cohort_, cases, asked, pass);
    folder_.write_warnings(cohort_);  // before: a fold that is finished reads nothing again
    const std::string text = model::to_csv(predictions);
    run::record_member(folder_.path(), name, text);
    core::write_file_atomic(file, text);
    return predictions;
  }

  void scale_risks(inference::TrainedModel& member, const data::CaseLoader& cases,
                   const std::vector<int64_t>& train, const inference::InferenceOptions& pass) {
    member.info.risks.clear();
    const auto& labels = member.info.labels;
    if (std::none_of(labels.begin(), labels.end(),
                     [](const auto& label) { return data::task_of(label).is_risk(); }))
      return;
    const Predictions seen = inference::predict(member, cohort_, cases, train, pass);
    for (const auto& label : labels) {
      if (!data::task_of(label).is_risk()) continue;
      double sum = 0, squares = 0, count = 0;
      for (const auto& prediction : seen)
        if (prediction.head == label.head) sum += prediction.value, ++count;
      const double mean = sum / count;
      for (const auto& prediction : seen)
        if (prediction.head == label.head) squares += (prediction.value - mean) * (prediction.value - mean);
      const double deviation = count > 1 ? std::sqrt(squares / (count - 1)) : 0;
      member.info.risks[label.head] = {mean, deviation > 1e-12 ? deviation : 1};
    }
  }

  Predictions of_rows(const Predictions& predictions, const std::vector<int64_t>& rows) const {
    std::set<std::string> names;
    for (const int64_t row : rows) names.insert(cohort_.id(row));
    Predictions chosen;
    for (const auto& prediction : predictions)
      if (names.contains(prediction.case_id)) chosen.push_back(prediction);
    return chosen;
  }

  /// Without the cases that some member did not predict: they could not be read any more when it was trained.
  static std::vector<Predictions> in_all(std::vector<Predictions> members) {
    std::map<std::string, size_t> count;
    for (const auto& member : members) {
      std::set<std::string> cases;
      for (const auto& prediction : member) cases.insert(prediction.case_id);
      for (const auto& one : cases) ++count[one];
    }
    for (const auto& [one, times] : count) {
      if (times == members.size()) continue;
      core::log_warning("case " + one + " is left out: only " + std::to_string(times) + " of " +
                        std::to_string(members.size()) + " models could read it");
      for (auto& member : members)
        std::erase_if(member, [&name = one](const auto& prediction) { return prediction.case_id == name; });
    }
    return members;
  }

  ExperimentOptions experiment_;
  const RunRequest& request_;
  RunFolder folder_;
  std::shared_ptr<const data::Cohort> shared_cohort_;
  const data::Cohort& cohort_;
  data::Split split_;
  std::unique_ptr<data::CaseLoader> images_;  ///< prepared images, for all folds
  std::set<int64_t> bad_;
  int64_t steps_ = 0;
};

}  // namespace

TrainedRun train(ExperimentOptions experiment, const RunRequest& request) {
  config::validate(experiment, "");
  evaluation::require_metrics(model::label_specs(experiment.pipeline.model));
  if (experiment.pipeline.cohort.manifest.empty())
    core::fail_usage(
        "cohort.manifest: is missing: name the cohort's CSV in the config or as "
        "cohort.manifest=FILE");
  inference::drop_unused_inputs(experiment.pipeline);
  check_request(request, experiment);
  return Run(std::move(experiment), request).train();
}

}  // namespace photo51::training

#include "training/loop/estimators.hpp"

#include <ATen/ATen.h>

#include <map>
#include <nlohmann/json.hpp>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/inference/windows.hpp"
#include "photo51/learners/estimator.hpp"
#include "photo51/model/model.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::training {
namespace {

/// What one head with an estimator is fitted to, batch by batch.
class FitTable {
 public:
  void add(const at::Tensor& features, const data::Targets& labels) {
    features_.push_back(features);
    value_.push_back(labels.value);
    known_.push_back(labels.known);
    if (labels.event.defined()) event_.push_back(labels.event);
  }
  at::Tensor features() const { return at::cat(features_); }
  data::Targets labels() const {
    return {at::cat(value_), event_.empty() ? at::Tensor() : at::cat(event_), at::cat(known_)};
  }

 private:
  std::vector<at::Tensor> features_, value_, known_, event_;
};

struct FitTables {
  std::map<std::string, FitTable> of;  ///< by head
  std::vector<std::string> cases;      ///< that all of them consist of, in order
};

/// Adds what `heads` see of `rows`.
void collect(inference::TrainedModel& member, const TrainingJob& job, const data::CaseLoader& cases,
             const std::vector<int64_t>& rows, const std::vector<std::string>& heads, FitTables& into) {
  const c10::InferenceMode inference;
  member.model->eval();
  core::Progress progress(job.title + ": features for estimators", static_cast<int64_t>(rows.size()),
                          core::Progress::Show::if_slow);
  inference::InferenceOptions pass = pass_options(job);
  pass.on_done = [&](int64_t count) { progress.advance(count); };
  inference::for_each_batch(member, job.cohort, cases, rows, pass, [&](const data::Batch& batch) {
    const model::Outputs outputs = inference::forward_whole(member, batch);
    for (const auto& head : heads)
      into.of[head].add(member.model->head_features(head, outputs), batch.labels.at(head));
    into.cases.insert(into.cases.end(), batch.cases.begin(), batch.cases.end());
  });
  if (into.cases.empty()) core::fail_data("no training case can be read");
}

/// The number of each case's group of `cohort.split.group`, for inner folds; cases without one are alone.
std::vector<int64_t> groups_of(const TrainingJob& job, const std::vector<std::string>& cases) {
  const auto& column = job.experiment.pipeline.cohort.split.group;
  if (column.empty()) return {};
  std::map<std::string, std::string> group_of;
  for (const int64_t row : job.train) group_of[job.cohort.id(row)] = job.cohort.cell(row, column);
  std::map<std::string, int64_t> number;
  std::vector<int64_t> groups;
  for (const auto& one : cases) {
    const std::string& group = group_of.at(one);
    const std::string key = group.empty() ? "case " + one : "group " + group;
    groups.push_back(number.emplace(key, static_cast<int64_t>(number.size())).first->second);
  }
  return groups;
}

void fit(inference::TrainedModel& member, const TrainingJob& job, const std::vector<std::string>& heads,
         const FitTables& lessons) {
  const uint64_t seed = member_seed(job.experiment.train.seed, job.fold, job.repeat);
  const auto groups = groups_of(job, lessons.cases);
  core::Progress progress(job.title + ": fitting heads", static_cast<int64_t>(heads.size()),
                          core::Progress::Show::if_slow);
  for (const auto& head : heads) {
    core::with_context(
        [&] { return job.title + ": head " + head; },
        [&] {
          const auto& lesson = lessons.of.at(head);
          member.model->head(head).fit_at_once(
              {lesson.features(), member.model->head_feature_names(head), lesson.labels(), groups, seed});
        });
    progress.advance(1, "head " + head);
  }
}

/// The heads that are fitted at once to what they see so.
std::vector<std::string> heads_that_see(const ExperimentOptions& experiment, radiogenomics::Sees what) {
  std::vector<std::string> heads;
  for (const auto& [name, options] : experiment.pipeline.model.heads)
    if (radiogenomics::seen_by(options) == what) heads.push_back(name);
  return heads;
}

void fit_simple(inference::TrainedModel& member, const TrainingJob& job, const data::CaseLoader& cases) {
  const auto heads = heads_that_see(job.experiment, radiogenomics::Sees::embeddings);
  if (heads.empty()) return;
  FitTables lessons;
  collect(member, job, cases, job.train, heads, lessons);
  fit(member, job, heads, lessons);
}

const config::Choice& head_named(const ExperimentOptions& experiment, const std::string& head) {
  for (const auto& [name, options] : experiment.pipeline.model.heads)
    if (name == head) return options;
  core::fail_usage("the config has no head `" + head + "`");
}

/// The inner folds of stacks that ask for as many: by the classes of the first of them that has any.
data::SplitOptions inner_split(const ExperimentOptions& experiment, int64_t folds,
                               const std::vector<std::string>& stacks) {
  data::SplitOptions split = experiment.pipeline.cohort.split;
  split.folds = folds;
  split.stratify = "";
  for (const auto& stack : stacks)
    if (split.stratify.empty() && data::task_named(head_named(experiment, stack).name).stratum != nullptr)
      split.stratify = stack;
  return split;
}

/// Those with as many inner folds share them.
std::map<int64_t, std::vector<std::string>> stacks_by_folds(const ExperimentOptions& experiment,
                                                            const std::vector<std::string>& stacks) {
  std::map<int64_t, std::vector<std::string>> by_folds;
  for (const auto& stack : stacks)
    by_folds[learners::combination_of(radiogenomics::estimator_of(head_named(experiment, stack))).folds]
        .push_back(stack);
  return by_folds;
}

void fit_stacks(inference::TrainedModel& member, const TrainingJob& job, const data::CaseLoader& cases,
                int64_t count, const std::vector<std::string>& stacks) {
  const auto folds = data::fold_rows(job.cohort, job.train, inner_split(job.experiment, count, stacks));
  const std::string of = " of " + std::to_string(folds.size());
  FitTables lessons;
  for (size_t k = 0; k < folds.size(); ++k) {
    TrainingJob inner = job;
    inner.title += ", inner fold " + std::to_string(k + 1) + of;
    inner.train = folds[k].train;
    inner.validation = {};
    inner.folder =
        job.folder / run::inner_member_name(static_cast<int64_t>(k) + 1, static_cast<int64_t>(folds.size()));
    inner.log = [](const std::string&) {};
    const data::FittedTransforms fitted = data::fit(job.cohort, inner.train);
    const data::CaseLoader inner_cases(cases, fitted);
    inference::TrainedModel one = train_model(inner, fitted, inner_cases);
    fit_simple(one, inner, inner_cases);
    collect(one, inner, inner_cases, folds[k].validation, stacks, lessons);
  }
  fit(member, job, stacks, lessons);
}

}  // namespace

void check_inner_folds(const ExperimentOptions& experiment, const data::Cohort& cohort,
                       const std::vector<int64_t>& train) {
  const auto stacks = heads_that_see(experiment, radiogenomics::Sees::heads);
  for (const auto& [folds, heads] : stacks_by_folds(experiment, stacks))
    core::with_context("inner folds of head " + heads.front(), [&, count = folds, &of = heads] {
      data::fold_rows(cohort, train, inner_split(experiment, count, of));
    });
}

inference::InferenceOptions pass_options(const TrainingJob& job) {
  inference::InferenceOptions pass;
  pass.batch_size = job.experiment.train.batch_size;
  pass.workers = job.experiment.train.workers;
  pass.skip_bad = job.experiment.pipeline.cohort.on_bad_case == data::BadCase::skip;
  pass.on_bad = job.on_bad;
  return pass;
}

void fit_estimators(inference::TrainedModel& member, const TrainingJob& job, const data::CaseLoader& cases) {
  const auto fitted = member.model->heads_fitted_at_once();
  if (fitted.empty()) return;
  fit_simple(member, job, cases);
  for (const auto& [folds, heads] :
       stacks_by_folds(job.experiment, heads_that_see(job.experiment, radiogenomics::Sees::heads)))
    fit_stacks(member, job, cases, folds, heads);
  nlohmann::ordered_json selected = nlohmann::ordered_json::object();
  for (const auto& head : fitted) selected[head] = member.model->head(head).selected();
  core::write_file_atomic(job.folder / run::name::selected, core::json_text(selected, 1) + "\n");
}

}  // namespace photo51::training

#include "training/run/preflight.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/temporary.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/cohort/check.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "photo51/run/layout.hpp"
#include "training/loop/estimators.hpp"
#include "training/loop/sampler.hpp"
#include "training/loop/validation.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using Rows = std::vector<int64_t>;

/// The folder itself, or the nearest one above it that is there.
fs::path existing(const fs::path& folder) {
  std::error_code code;
  fs::path at = fs::absolute(folder, code).lexically_normal();
  while (!fs::exists(at, code) && at.has_relative_path()) at = at.parent_path();
  return at;
}

/// By making a file: rights alone say nothing of read-only disks and quotas.
void require_writable(const fs::path& folder) {
  const fs::path at = existing(folder);
  std::error_code code;
  if (!fs::is_directory(at, code)) {
    if (at == fs::absolute(folder, code).lexically_normal()) return;  // the run folder says what it needs
    core::fail_usage(folder.string() + ": no folder can be made there, for " + at.string() + " is a file");
  }
  const fs::path probe = core::temporary_for(at / run::name::probe);
  const int file = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0)
    core::fail_run(folder.string() + ": cannot be written: " + at.string() + ": " + std::strerror(errno) +
                   "; choose another --out, or give yourself the right to write there");
  ::close(file);
  ::unlink(probe.c_str());
}

Rows all_rows(const data::Split& split) {
  std::set<int64_t> rows(split.test.begin(), split.test.end());
  for (const auto& fold : split.folds) {
    rows.insert(fold.train.begin(), fold.train.end());
    rows.insert(fold.validation.begin(), fold.validation.end());
  }
  return {rows.begin(), rows.end()};
}

/// Without the cases that have a bad file, or an error that lists all of those files.
void leave_out_bad(const std::vector<data::BadFile>& bad, bool skip, data::Split& split,
                   const std::function<void(int64_t, const std::string&)>& on_bad) {
  if (bad.empty()) return;
  if (!skip)
    core::fail_data(
        std::to_string(bad.size()) +
        " file(s) of the cohort cannot be read; mend them, or set cohort.on_bad_case=skip to leave "
        "their cases out:" +
        data::list_of(bad));
  std::set<int64_t> out;
  for (const auto& one : bad) {
    if (out.insert(one.row).second) on_bad(one.row, one.why);
  }
  const auto clean = [&](Rows& rows) { std::erase_if(rows, [&](int64_t row) { return out.contains(row); }); };
  for (auto& fold : split.folds) {
    clean(fold.train);
    clean(fold.validation);
  }
  clean(split.test);
}

void check_groups(const evaluation::EvaluateOptions& options, const data::Cohort& cohort, const Rows& rows) {
  std::vector<std::string> columns;
  for (const auto& count : data::blank_cells(cohort)) columns.push_back(count.column);
  for (const auto& column : options.groups)
    if (column != "site" && std::find(columns.begin(), columns.end(), column) == columns.end())
      core::fail_usage("evaluate.groups: the manifest has no column `" + column + "`" +
                       core::suggest(column, columns));
  evaluation::truth_of(cohort, rows, options.groups);
}

std::string fold_name(const data::Split& split, size_t fold) {
  return split.folds.size() == 1 ? "the training part" : "training part of fold " + std::to_string(fold);
}

/// Whether epochs can be compared on the validation part of every fold.
void check_selection(const ExperimentOptions& experiment, const data::Cohort& cohort,
                     const data::Split& split) {
  const TrainOptions& train = experiment.train;
  if (train.checkpoint != KeptEpoch::best && train.patience == 0) return;
  const std::string what = train.checkpoint == KeptEpoch::best ? "train.checkpoint: best" : "train.patience";
  std::vector<std::pair<data::TaskSpec, bool>> trained;  ///< and whether the loss needs events
  for (const auto& spec : cohort.labels())
    for (const auto& [name, head] : experiment.pipeline.model.heads)
      if (name == spec.head && radiogenomics::estimator_of(head).empty())
        trained.emplace_back(spec, radiogenomics::needs_event(head));
  if (trained.empty())
    core::fail_usage(
        what + ": compares epochs, but every head has an estimator, which is fitted at once; remove it");
  for (size_t fold = 0; fold < split.folds.size(); ++fold) {
    const auto& rows = split.folds[fold].validation;
    if (rows.empty())
      core::fail_usage(what +
                       ": compares epochs on the validation part, and there is none; set "
                       "cohort.split.validation_fraction or cohort.split.folds, or remove it");
    const bool defined = std::any_of(trained.begin(), trained.end(), [&](const auto& one) {
      return train.monitor == Monitor::metric ? has_metric(one.first, cohort, rows)
                                              : has_loss(one.first, cohort, rows, one.second);
    });
    if (defined) continue;
    std::vector<std::string> heads;
    for (const auto& [spec, needs_event] : trained)
      heads.push_back("head " + spec.head + ": " + data::label_counts(cohort, rows, spec));
    core::fail_usage(what + ": the " + config::name_of(train.monitor) +
                     " (train.monitor) is not defined on the validation part" +
                     (split.folds.size() == 1 ? "" : " of fold " + std::to_string(fold)) + ", which holds " +
                     core::join(heads, "; ") +
                     "; take a larger validation part or fewer folds, stratify by the head "
                     "(cohort.split.stratify), or remove it");
  }
}

}  // namespace

void check_request(const RunRequest& request, const ExperimentOptions& experiment) {
  core::check_thread_count("train.threads", experiment.train.threads);
  core::check_thread_count("train.workers", experiment.train.workers);
  require_writable(request.folder);
  // LibTorch's own threads end the program when they cannot be started.
  const int64_t wanted = experiment.train.threads > 0 ? experiment.train.threads : core::processors();
  const int started = core::startable_threads(static_cast<int>(wanted - 1));
  if (started < wanted - 1)
    core::fail_run("train.threads: only " + std::to_string(started + 1) + " of " + std::to_string(wanted) +
                   " threads can be started; set train.threads=" + std::to_string(started + 1) +
                   " train.workers=0, or raise the limit of processes (ulimit -u)");
}

void preflight(const ExperimentOptions& experiment, const data::Cohort& cohort, data::Split& split,
               const std::function<void(int64_t row, const std::string& why)>& on_bad) {
  sampler_head(cohort.labels(), experiment.train.sampler, experiment.train.sampler_head);
  check_selection(experiment, cohort, split);
  const auto bad = data::check_files(cohort, all_rows(split));
  leave_out_bad(bad, experiment.pipeline.cohort.on_bad_case == data::BadCase::skip, split, on_bad);
  // The split was judged with the cases that have left since: those without inputs, those with a bad file.
  for (size_t fold = 0; fold < split.folds.size(); ++fold) {
    data::check_learnable(cohort, split.folds[fold].train, fold_name(split, fold));
    core::with_context([&] { return fold_name(split, fold); },
                       [&] { check_inner_folds(experiment, cohort, split.folds[fold].train); });
  }
  if (!bad.empty()) check_selection(experiment, cohort, split);
  check_groups(experiment.evaluate, cohort, all_rows(split));
  data::hash_files(cohort);
}

void require_space(const fs::path& folder, double bytes, const std::string& what) {
  std::error_code code;
  const auto space = fs::space(existing(folder), code);
  if (code || static_cast<double>(space.available) >= bytes) return;
  const auto mib = [](double count) { return core::format_fixed(count / 1048576, 1) + " MiB"; };
  core::fail_run(folder.string() + ": No space left for " + what + ": they take about " + mib(bytes) + ", " +
                 mib(static_cast<double>(space.available)) +
                 " are free on this disk; free some space or choose another --out");
}

}  // namespace photo51::training

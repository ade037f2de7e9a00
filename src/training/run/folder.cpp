#include "training/run/folder.hpp"

#include <ATen/Version.h>
#include <torch/version.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "inference/programs.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/temporary.hpp"
#include "photo51/core/version.hpp"
#include "photo51/run/cases.hpp"
#include "photo51/run/format.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/run/state.hpp"
#include "training/run/config.hpp"
#include "training/run/data_record.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json hashes_of_data(const data::Cohort& cohort) {
  Json inputs = Json::object();
  for (const auto& [name, input] : cohort.inputs()) {
    std::string all;
    for (int64_t row = 0; row < cohort.size(); ++row) {
      try {
        all += cohort.file_hash(row, name) + "\n";
      } catch (const core::Error& error) {
        if (error.fault() != core::Fault::data) throw;
        all += "unreadable\n";
      }
    }
    inputs[name] = core::hash_bytes(all);
  }
  return {{"manifest", cohort.manifest_hash()}, {"patients", cohort.size()}, {"inputs", inputs}};
}

/// The content of a JSON file of the run; an empty object when it is not there. Error (data) when it is
/// broken.
Json read_json(const fs::path& file) {
  if (!fs::exists(file)) return Json::object();
  return core::read_json_object(file, "start a new run");
}

std::map<std::string, std::string> file_hashes(const Json& environment) {
  std::map<std::string, std::string> hashes;
  const auto found = environment.find("files");
  if (found != environment.end() && found->is_object())
    for (const auto& [key, hash] : found->items())
      if (hash.is_string()) hashes[key] = hash.get<std::string>();
  return hashes;
}

/// The cases that `text` is about: errors of a case's data say `case ID: `.
std::vector<std::string> cases_in(const std::string& text, const data::Cohort& cohort) {
  std::vector<std::string> found;
  for (int64_t row = 0; row < cohort.size(); ++row)
    if (text.find("case " + cohort.id(row) + ": ") != std::string::npos) found.push_back(cohort.id(row));
  return found;
}

/// The cases on whose data the run stopped, by `stopped.json`.
std::set<std::string> stopped_on(const fs::path& file) {
  std::set<std::string> cases;
  const Json stopped = read_json(file);
  if (const auto found = stopped.find("cases"); found != stopped.end() && found->is_array())
    for (const auto& one : *found)
      if (one.is_string()) cases.insert(one.get<std::string>());
  return cases;
}

std::string in_words(const DataChange& change) {
  if (change.case_id.empty()) return "other patients, or another order of them";
  return "case " + change.case_id + ": " +
         (change.input.empty() ? "its row of the manifest" : "input " + change.input);
}

}  // namespace

RunFolder::RunFolder(const RunRequest& request, ExperimentOptions& experiment)
    : path_(core::behind_links(request.folder)), keep_(request.keep), resume_(request.resume) {
  if (request.resume && request.overwrite) core::fail_usage("give either --resume or --overwrite, not both");
  std::error_code code;
  if (fs::exists(path_, code) && !fs::is_directory(path_, code))
    core::fail_usage(path_.string() + ": is a file, not a folder");
  const bool used = !run::contents_of(path_).empty;
  if (used && !request.resume && !request.overwrite)
    core::fail_usage(path_.string() +
                     ": is not empty; --resume goes on with the run in it, --overwrite removes it");
  remove_first_ = used && request.overwrite;
  const auto named = paths_in(experiment);
  keep_.insert(keep_.end(), named.begin(), named.end());
  if (remove_first_) run::check_replaceable(path_, keep_);
  resume_ = request.resume && used;
  const fs::path config = path_ / run::name::config;
  if (resume_ && !fs::exists(config))
    core::fail_usage(path_.string() + ": there is no config.yaml, so nothing to resume");
  if (resume_) run::check_format(path_);
  if (used) lock_.emplace(path_);
  auto& threads = experiment.train.threads;
  auto& device = experiment.train.device;
  ExperimentOptions before;
  if (resume_) {
    before = read_run_experiment(config);
    if (threads == 0) threads = before.train.threads;
    if (device == "auto") device = before.train.device;
  }
  device = core::with_context("train.device", [&] { return core::resolve_device(device); });
  if (threads == 0) threads = core::processors();
  yaml_ = yaml_of(experiment);
  if (!resume_) return;
  const auto hashes = file_hashes(read_json(path_ / run::name::environment));
  if (const auto difference = first_difference(before, experiment, hashes); !difference.empty())
    core::fail_usage(config.string() + ": the run was started with another config (" + difference +
                     "); resume with the same one or start a new run");
}

std::string RunFolder::yaml_of(ExperimentOptions& experiment) {
  const auto programs = inference::program_files(experiment.pipeline);
  for (const auto& program : programs) {
    programs_.emplace_back(fs::absolute(*program.file), program.name());
    *program.file = program.name();
  }
  std::string yaml = to_yaml(experiment);
  for (size_t i = 0; i < programs.size(); ++i) *programs[i].file = programs_[i].first;
  return yaml;
}

void RunFolder::copy_programs() const {
  std::error_code code;
  for (const auto& [from, name] : programs_)
    if (!fs::exists(path_ / name, code)) core::write_file_atomic(path_ / name, core::read_file(from));
}

void RunFolder::open() {
  if (resume_) {
    run::remove_temporaries(path_);
    copy_programs();
    return;
  }
  core::make_directories(path_);
  if (!lock_) lock_.emplace(path_);
  if (remove_first_)
    run::remove_run(path_, keep_);
  else if (!run::contents_of(path_).empty)
    core::fail_usage(path_.string() + ": another process has begun to write into it; choose another folder");
  opened_ = true;
  copy_programs();
  core::write_file_atomic(path_ / run::name::config, yaml_);
}

fs::path RunFolder::member(int64_t fold, int64_t repeat) const {
  return path_ / run::name::checkpoints / run::member_name(fold, repeat);
}

void RunFolder::write_environment(const ExperimentOptions& experiment, const data::Cohort& cohort,
                                  const std::set<int64_t>& left_out) const {
  const fs::path file = path_ / run::name::environment, record = path_ / run::name::data_hashes;
  const Json data = hashes_of_data(cohort);
  const std::string now = data_hashes(cohort);
  Json before = resume_ ? read_json(file) : Json::object();
  const std::string remedy = " has changed since the run was started; start a new run";
  if (resume_ && fs::exists(record)) {
    auto may_differ = stopped_on(path_ / run::name::stopped);
    for (const int64_t row : left_out) may_differ.insert(cohort.id(row));
    std::set<std::string> mended;
    for (const auto& change : data_changes(record, core::read_file(record), now)) {
      if (!may_differ.contains(change.case_id) || change.input.empty())
        core::fail_usage(path_.string() + ": the cohort (" + in_words(change) + ")" + remedy);
      mended.insert(change.case_id);
    }
    for (const auto& one : mended)
      core::log_info("case " + one +
                     " has other data now than when the run was started; it goes on with them");
  } else if (before.contains("data") && before["data"] != data) {  // a run of an older version
    core::fail_usage(path_.string() + ": the manifest or a file of the cohort" + remedy);
  }
  // Nothing that counts differs, but the data may lie elsewhere now.
  if (resume_) core::write_file_atomic(path_ / run::name::config, yaml_);
  core::write_file_atomic(record, now);
  if (before.contains("data")) {
    if (before["data"] == data) return;
    before["data"] = data;
    core::write_file_atomic(file, core::json_text(before, 2) + "\n");
    return;
  }
  ExperimentOptions dumped = experiment;
  Json environment = {{"photo51", core::version()},
                      {run::format_key, run::format_version},
                      {"commit", core::build_commit()},
                      {"libtorch", TORCH_VERSION},
                      {"processor", at::get_cpu_capability()},
                      {"seed", experiment.train.seed},
                      {"threads", experiment.train.threads},
                      {"device", experiment.train.device},
                      {"data", data}};
  if (const auto files = config_file_hashes(dumped); !files.empty()) environment["files"] = files;
  core::write_file_atomic(file, core::json_text(environment, 2) + "\n");
}

void RunFolder::write_cases(const data::Cohort& cohort, const data::Split& split) const {
  std::map<int64_t, std::pair<const char*, std::string>> parts;  // row -> part, fold
  const bool one = split.folds.size() == 1;
  for (size_t fold = 0; fold < split.folds.size(); ++fold) {
    for (const int64_t row : split.folds[fold].train)
      parts.try_emplace(row, one ? run::part::train : run::part::development, "");
    for (const int64_t row : split.folds[fold].validation)
      parts[row] = {one ? run::part::validation : run::part::development, std::to_string(fold)};
  }
  for (const int64_t row : split.test) parts[row] = {run::part::test, ""};
  std::vector<run::CaseRow> cases;
  for (const auto& [row, part] : parts)
    cases.push_back({cohort.id(row), cohort.site(row), part.first, part.second});
  core::write_file_atomic(path_ / run::name::cases, run::to_csv(cases));
}

void RunFolder::write_warnings(const data::Cohort& cohort) const {
  core::write_file_atomic(path_ / run::name::warnings, data::to_csv(cohort.warnings()));
}

void RunFolder::recall_warnings(const data::Cohort& cohort) const {
  const fs::path file = path_ / run::name::warnings;
  if (resume_ && fs::exists(file)) cohort.recall_warnings(data::read_warnings(file));
}

void RunFolder::start_log(const std::vector<std::string>& lines) const {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  core::write_file_atomic(path_ / run::name::log, text);
}

void RunFolder::log(const std::string& line) const {
  core::append_line(path_ / run::name::log, line);
}

void RunFolder::finish() const {
  run::record_results(path_);
  std::error_code code;
  fs::remove(path_ / run::name::stopped, code);
}

void RunFolder::note_stop(const core::Error& error, const data::Cohort& cohort) const noexcept {
  if (error.fault() != core::Fault::data || !(resume_ || opened_)) return;
  try {
    const auto cases = cases_in(error.what(), cohort);
    if (cases.empty()) return;
    core::write_file_atomic(path_ / run::name::stopped,
                            core::json_text(Json{{"cases", cases}, {"error", error.what()}}, 1) + "\n");
  } catch (const std::exception& also) {
    core::log_debug(also.what());  // the error that ended the run is the one to report
  }
}

}  // namespace photo51::training

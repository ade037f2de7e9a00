#include "training/run_folder.hpp"

#include <ATen/Version.h>
#include <torch/version.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "photo51/config/read.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// "train.epochs: 30 -> 40", the first value that differs, as YAML lines go.
std::string first_difference(const std::string& before, const std::string& after) {
  const auto old_lines = core::split(before, '\n'), new_lines = core::split(after, '\n');
  for (size_t i = 0; i < std::max(old_lines.size(), new_lines.size()); ++i) {
    const std::string was = i < old_lines.size() ? std::string(core::trim(old_lines[i])) : "nothing";
    const std::string is = i < new_lines.size() ? std::string(core::trim(new_lines[i])) : "nothing";
    if (was != is) return "`" + was + "` there, `" + is + "` now";
  }
  return "";
}

void check_run(const fs::path& folder) {
  if (!fs::exists(folder / "config.yaml"))
    core::fail_usage(
        folder.string() +
        ": is no run folder (no config.yaml), so --overwrite leaves it alone; remove it yourself "
        "or choose another");
}

void remove_run(const fs::path& folder) {
  std::error_code code;
  fs::remove_all(folder, code);
  if (code) core::fail_run(folder.string() + ": cannot be removed: " + code.message());
}

/// What a crash left half-written.
void remove_temporaries(const fs::path& folder) {
  std::error_code code;
  for (const auto& entry : fs::recursive_directory_iterator(folder, code))
    if (entry.path().extension().string().starts_with(".tmp")) fs::remove(entry.path(), code);
}

Json data_hashes(const data::Cohort& cohort) {
  Json inputs = Json::object();
  for (const auto& [name, input] : cohort.inputs()) {
    std::string all;
    for (int64_t row = 0; row < cohort.size(); ++row) all += cohort.file_hash(row, name) + "\n";
    inputs[name] = core::hash_bytes(all);
  }
  return {{"manifest", cohort.manifest_hash()}, {"patients", cohort.size()}, {"inputs", inputs}};
}

}  // namespace

RunFolder::RunFolder(const RunRequest& request, ExperimentOptions& experiment)
    : path_(request.folder), resume_(request.resume) {
  if (request.resume && request.overwrite) core::fail_usage("give either --resume or --overwrite, not both");
  std::error_code code;
  const bool used = fs::exists(path_, code) && (!fs::is_directory(path_, code) || !fs::is_empty(path_, code));
  if (used && !fs::is_directory(path_, code)) core::fail_usage(path_.string() + ": is a file, not a folder");
  if (used && !request.resume && !request.overwrite)
    core::fail_usage(path_.string() +
                     ": is not empty; --resume goes on with the run in it, --overwrite removes it");
  remove_first_ = used && request.overwrite;
  if (remove_first_) check_run(path_);
  const fs::path config = path_ / "config.yaml";
  auto& threads = experiment.train.threads;
  auto& device = experiment.train.device;
  if (request.resume && used) {
    if (!fs::exists(config))
      core::fail_usage(path_.string() + ": there is no config.yaml, so nothing to resume");
    ExperimentOptions before;
    config::read(config::load_document(config), before);
    if (threads == 0) threads = before.train.threads;
    if (device == "auto") device = before.train.device;
  }
  device = core::with_context("train.device", [&] { return core::resolve_device(device); });
  if (threads == 0) threads = std::max<int64_t>(1, std::thread::hardware_concurrency());
  yaml_ = to_yaml(experiment);
  resume_ = request.resume && used;
  if (!resume_) return;
  const std::string before = core::read_file(config);
  if (before != yaml_)
    core::fail_usage(config.string() + ": the run was started with another config (" +
                     first_difference(before, yaml_) + "); resume with the same one or start a new run");
}

void RunFolder::open() {
  if (resume_) {
    remove_temporaries(path_);
    return;
  }
  if (remove_first_) remove_run(path_);
  core::make_directories(path_);
  core::write_file_atomic(path_ / "config.yaml", yaml_);
}

fs::path RunFolder::member(int64_t fold, int64_t repeat) const {
  std::string name = "fold_" + std::to_string(fold);
  if (repeat > 0) name += "_repeat_" + std::to_string(repeat);
  return path_ / "checkpoints" / name;
}

void RunFolder::write_environment(const ExperimentOptions& experiment, const data::Cohort& cohort) const {
  const fs::path file = path_ / "environment.json";
  const Json hashes = data_hashes(cohort);
  if (resume_ && fs::exists(file)) {
    const auto before = Json::parse(core::read_file(file), nullptr, false);
    if (before.is_discarded() || !before.contains("data"))
      core::fail_data(file.string() + ": is broken; start a new run");
    if (before["data"] != hashes)
      core::fail_usage(path_.string() +
                       ": the manifest or a file of the cohort has changed since the run was started; start "
                       "a new run");
    return;
  }
  const Json environment = {{"photo51", core::version()},        {"commit", core::build_commit()},
                            {"libtorch", TORCH_VERSION},         {"processor", at::get_cpu_capability()},
                            {"seed", experiment.train.seed},     {"threads", experiment.train.threads},
                            {"device", experiment.train.device}, {"data", hashes}};
  core::write_file_atomic(file, environment.dump(2) + "\n");
}

void RunFolder::write_cases(const data::Cohort& cohort, const data::Split& split) const {
  std::map<int64_t, std::pair<std::string, std::string>> parts;  // row -> part, fold
  const bool one = split.folds.size() == 1;
  for (size_t fold = 0; fold < split.folds.size(); ++fold) {
    for (const int64_t row : split.folds[fold].train)
      parts.try_emplace(row, one ? "train" : "development", "");
    for (const int64_t row : split.folds[fold].validation)
      parts[row] = {one ? "validation" : "development", std::to_string(fold)};
  }
  for (const int64_t row : split.test) parts[row] = {"test", ""};
  std::string text = core::csv_row({"case", "site", "part", "fold"});
  for (const auto& [row, part] : parts)
    text += core::csv_row({cohort.id(row), cohort.site(row), part.first, part.second});
  core::write_file_atomic(path_ / "cases.csv", text);
}

void RunFolder::write_warnings(const data::Cohort& cohort) const {
  core::write_file_atomic(path_ / "warnings.csv", data::to_csv(cohort.warnings()));
}

void RunFolder::recall_warnings(const data::Cohort& cohort) const {
  const fs::path file = path_ / "warnings.csv";
  if (resume_ && fs::exists(file)) cohort.recall_warnings(data::read_warnings(file));
}

void RunFolder::start_log(const std::vector<std::string>& lines) const {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  core::write_file_atomic(path_ / "log.jsonl", text);
}

void RunFolder::log(const std::string& line) const {
  std::ofstream file(path_ / "log.jsonl", std::ios::app);
  file << line << "\n";
  file.flush();
  if (!file)
    core::fail_run((path_ / "log.jsonl").string() + ": writing failed: " + std::strerror(errno) +
                   "; free some space or choose another folder");
}

}  // namespace photo51::training

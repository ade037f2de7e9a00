#pragma once
/// The files of a run folder, apart from the models'.

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "photo51/data/dataset.hpp"
#include "photo51/training/run.hpp"

namespace photo51::training {

class RunFolder {
 public:
  /// Checks only; to resume, that the config is the run's. Fills in `train.threads`. Errors (usage): in use,
  /// not a run, another config.
  RunFolder(const RunRequest& request, ExperimentOptions& experiment);
  /// Makes the folder and writes `config.yaml`.
  void open();

  std::filesystem::path member(int64_t fold, int64_t repeat) const;
  /// `environment.json`; when resuming, Error (usage) if the manifest or a file has changed since.
  void write_environment(const ExperimentOptions& experiment, const data::Cohort& cohort) const;
  void write_cases(const data::Cohort& cohort, const data::Split& split) const;
  /// `warnings.csv`: what was odd about the files; when resuming, what was found before the run was stopped.
  void write_warnings(const data::Cohort& cohort) const;
  void recall_warnings(const data::Cohort& cohort) const;

  /// Rewrites `log.jsonl` with these lines, then appends to it.
  void start_log(const std::vector<std::string>& lines) const;
  void log(const std::string& line) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::string yaml_;
  bool resume_ = false, remove_first_ = false;
};

}  // namespace photo51::training

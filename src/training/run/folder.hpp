#pragma once
/// The files of a run folder, apart from the models'.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/run/lock.hpp"
#include "photo51/training/run/run.hpp"

namespace photo51::training {

class RunFolder {
 public:
  /// Checks only, and takes the lock of a run that is there; to resume, that the config is the run's. Fills
  /// in `train.threads`. Errors: usage (in use, not a run, holds more than a run, another config), run
  /// (another process writes into it).
  RunFolder(const RunRequest& request, ExperimentOptions& experiment);
  /// Makes the folder and writes `config.yaml`, and copies of the programs that encoders and segmenters
  /// run.
  void open();

  std::filesystem::path member(int64_t fold, int64_t repeat) const;
  /// `environment.json` and `data_hashes.csv`, and when resuming `config.yaml` with the places of now. Error
  /// (usage) if the data have changed since the run was started, but for cases on which it stopped or
  /// that are left out now.
  void write_environment(const ExperimentOptions& experiment, const data::Cohort& cohort,
                         const std::set<int64_t>& left_out) const;
  void write_cases(const data::Cohort& cohort, const data::Split& split) const;
  /// `warnings.csv`: what was odd about the files; when resuming, what was found before the run was stopped.
  void write_warnings(const data::Cohort& cohort) const;
  void recall_warnings(const data::Cohort& cohort) const;

  /// Rewrites `log.jsonl` with these lines, then appends to it.
  void start_log(const std::vector<std::string>& lines) const;
  void log(const std::string& line) const;

  /// Once the predictions are written: their hashes.
  void finish() const;
  /// `stopped.json`: which cases' data ended the run, or kept it from going on, so that it does once they are
  /// mended.
  void note_stop(const core::Error& error, const data::Cohort& cohort) const noexcept;

  const std::filesystem::path& path() const { return path_; }
  run::Lock take_lock() { return std::move(lock_).value(); }

 private:
  /// With these programs by the names of their copies.
  std::string yaml_of(ExperimentOptions& experiment);
  void copy_programs() const;

  std::filesystem::path path_;
  std::vector<std::filesystem::path> keep_;
  std::string yaml_;
  std::vector<std::pair<std::filesystem::path, std::string>> programs_;  ///< file, name of the copy
  bool resume_ = false, remove_first_ = false, opened_ = false;
  std::optional<run::Lock> lock_;
};

}  // namespace photo51::training

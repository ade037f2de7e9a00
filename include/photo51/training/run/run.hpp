#pragma once
/// Trains the models of an experiment into a run folder.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "photo51/evaluation/run_metrics.hpp"
#include "photo51/run/lock.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::training {

struct RunRequest {
  std::filesystem::path folder;
  bool resume = false;     ///< go on where a run in `folder` was stopped; ends with the same bytes
  bool overwrite = false;  ///< remove a run that is there, and nothing but a run
  /// Files and folders that `overwrite` may not remove, such as the config and what it extends; whatever the
  /// experiment names is kept anyway.
  std::vector<std::filesystem::path> keep;
  int64_t stop_after_steps =
      0;  ///< behave as if interrupted after so many optimiser steps of this call; 0 = off
  /// Told how many steps of the optimiser this call has made, after each; for progress of one's own.
  std::function<void(int64_t steps)> on_step = {};
};

/// A run that is finished.
struct TrainedRun {
  run::Lock lock;
  ExperimentOptions experiment;  ///< resolved: threads and device
  std::shared_ptr<const data::Cohort> cohort;
  evaluation::RunPredictions predictions;
  std::vector<evaluation::Metric> metrics;  ///< as in metrics.csv
  std::vector<std::string> warnings;        ///< which heads could not be scored, and why
};

/// What a run folder holds: docs/run_folder.md.
///
/// A run goes on with data and cache in other places if the data are the same; of the case in `stopped.json`
/// the inputs may have been mended, and `cohort.on_bad_case` may differ. Members that are done are kept,
/// unless their predictions are not what the run wrote: an error (data).
///
/// What was read and scored is handed on with the lock, so that the report can be written without reading the
/// cohort again, and before another process takes the folder.
/// Errors: usage (folder in use, config), data (one class, no event, a broken case), run (loss not finite,
/// disk full, another process writes into the folder), interrupted (state saved; resume).
TrainedRun train(ExperimentOptions experiment, const RunRequest& request);

}  // namespace photo51::training

#pragma once
/// Trains the models of an experiment into a run folder.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

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
};

/// A run folder holds
///   photo51.lock      marks the folder, and is locked by who writes into it (run/lock.hpp)
///   config.yaml       the resolved config
///   environment.json  versions, seed, threads, processor, hashes of the data and of files the config names
///   data_hashes.csv   of each case: hashes of what is used of its row and of its inputs
///   cases.csv         case,site,part,fold: part is development, train, validation or test; fold is the one
///                     that the case validates
///   warnings.csv      case,input,file,warning: what readers found odd about files, and cases left out
///   log.jsonl         a line an epoch
///   checkpoints/fold_K[_repeat_R]/last.safetensors  to resume from: weights, averages, optimiser, state
///   checkpoints/fold_K[_repeat_R]/best.safetensors  the weights that predict, with what was fitted
///   predictions.csv, predictions.json   one row a case, head and class (in the JSON with the case's
///                     warnings). Development cases are predicted by
///                     the models that did not see them (out of fold), test cases by all models together
///   metrics.csv       group `all` = the test cases, and `cross_validation` = the development cases
///                     (`validation` = those of the one split, without folds); without test cases `all` =
///                     the development cases. Subgroups: `site=CS`, `cross_validation/site=DU`.
///   result_hashes.json  of all predictions and of cases.csv, by which a change is noticed
///   stopped.json      while it is not finished: the case whose data ended it
///
/// A run goes on with data and cache in other places if the data are the same; of the case in `stopped.json`
/// the inputs may have been mended, and `cohort.on_bad_case` may differ. Members that are done are kept,
/// unless their predictions are not what the run wrote: an error (data).
///
/// The lock is handed on, so that the report can be written before another process takes the folder.
/// Errors: usage (folder in use, config), data (one class, no event, a broken case), run (loss not finite,
/// disk full, another process writes into the folder), interrupted (state saved; resume).
run::Lock train(ExperimentOptions experiment, const RunRequest& request);

struct LoadRunOptions {
  bool allow_unfinished = false;    ///< take the members that are done of a run that is not finished
  std::filesystem::path data_root;  ///< as in CohortOptions; empty = the run's
};
/// A run, read back for scoring and for the report.
struct ScoredRun {
  ExperimentOptions experiment;
  std::shared_ptr<data::Cohort> cohort;
  std::vector<model::Prediction> development, test;
  std::string unfinished;             ///< what is missing, in words; empty = finished
  std::vector<std::string> warnings;  ///< what a reader of the scores must know
};
/// Errors: usage (not a run folder), data (not finished, the cohort is gone, predictions or parts were
/// changed since the run wrote them).
ScoredRun load_run(const std::filesystem::path& folder, const LoadRunOptions& options = {});
/// Metrics of the run's predictions with the confidence and groups of `options`, grouped as above. A part in
/// which a head cannot be scored (one class, no event) is left out with a warning, also put into `warnings`.
std::vector<evaluation::Metric> score_run(const ScoredRun& run, const evaluation::EvaluateOptions& options,
                                          std::vector<std::string>* warnings = nullptr);
/// The rows that are predicted, in the cohort's order.
std::vector<int64_t> rows_of(const data::Cohort& cohort, const std::vector<model::Prediction>& predictions);

}  // namespace photo51::training

#pragma once
/// Trains the models of an experiment into a run folder.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "photo51/training/experiment.hpp"

namespace photo51::training {

struct RunRequest {
  std::filesystem::path folder;
  bool resume = false;     ///< go on where a run in `folder` was stopped; ends with the same bytes
  bool overwrite = false;  ///< remove a run that is there
  int64_t stop_after_steps =
      0;  ///< behave as if interrupted after so many optimiser steps of this call; 0 = off
};

/// A run folder holds
///   config.yaml       the resolved config
///   environment.json  versions, seed, threads, processor, hashes of the data
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
///
/// Errors: usage (folder in use, config), data (one class, no event, a broken case), run (loss not finite,
/// disk full), interrupted (state saved; resume).
void train(ExperimentOptions experiment, const RunRequest& request);

/// A finished run, read back for scoring and for the report.
struct ScoredRun {
  ExperimentOptions experiment;
  std::shared_ptr<data::Cohort> cohort;
  std::vector<model::Prediction> development, test;
};
/// Errors: usage (not a run folder), data (not finished, the cohort is gone).
ScoredRun load_run(const std::filesystem::path& folder);
/// Metrics of the run's predictions with the confidence and groups of `options`, grouped as above. A part in
/// which a head cannot be scored (one class, no event) is left out with a warning.
std::vector<evaluation::Metric> score_run(const ScoredRun& run, const evaluation::EvaluateOptions& options);
/// The rows that are predicted, in the cohort's order.
std::vector<int64_t> rows_of(const data::Cohort& cohort, const std::vector<model::Prediction>& predictions);

}  // namespace photo51::training

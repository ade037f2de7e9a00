#pragma once
/// A run, read back from its folder for scoring and for the report.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"
#include "photo51/evaluation/run_metrics.hpp"
#include "photo51/inference/pipeline.hpp"

namespace photo51::report {

struct ScoredRun {
  inference::PipelineOptions pipeline;
  evaluation::EvaluateOptions evaluate;
  int64_t seed = 0;  ///< of training
  std::shared_ptr<const data::Cohort> cohort;
  evaluation::RunPredictions predictions;
  std::vector<evaluation::Metric> metrics;
  std::string unfinished;             ///< what is missing, in words; empty = finished
  std::vector<std::string> warnings;  ///< what a reader of the scores must know
};

struct LoadRunOptions {
  bool allow_unfinished = false;            ///< take the members that are done of a run that is not finished
  std::filesystem::path data_root;          ///< as in CohortOptions; empty = the run's
  std::vector<std::string> overrides = {};  ///< `key=value` of the config
};
/// All but the metrics, which are computed anew (evaluation::evaluate_run). Errors: usage (not a run folder,
/// an old key in its config), data (not finished, of a newer format, the cohort is gone, predictions or parts
/// were changed since the run wrote them).
ScoredRun load_run(const std::filesystem::path& folder, const LoadRunOptions& options = {});

}  // namespace photo51::report

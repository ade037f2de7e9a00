#pragma once
/// Collects what the report shows, from a run folder or from new cases that were scored.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "photo51/inference/heat_map.hpp"
#include "photo51/inference/pipeline.hpp"
#include "photo51/report/report.hpp"
#include "photo51/report/scored_run.hpp"

namespace photo51::report {

struct ReportSource {
  const inference::PipelineOptions& pipeline;
  const data::Cohort& cohort;
  std::map<std::string, std::string> parts;  ///< case -> part; the parts `test` etc. of cases.csv
  std::vector<model::Prediction> predictions;
  std::vector<evaluation::Metric> metrics;
  evaluation::EvaluateOptions evaluate;
  evaluation::MapScores maps = {};                 ///< of heads that outline
  std::filesystem::path map_folder = {};           ///< CASE/HEAD.nii.gz of what they drew; empty: none
  std::vector<inference::HeatMap> heat_maps = {};  ///< shown with the example cases
};

/// Everything but the training curves, `made_by` and warnings. A picture that cannot be drawn is left out and
/// named in the warnings.
ReportInput build_report(const ReportSource& study, const std::string& title);
/// From a run's `log.jsonl`.
std::vector<TrainingCurve> training_curves(const std::filesystem::path& log);
/// Writes `metrics.csv` and `report.html` into a run's folder, which the caller has locked. Of a run that is
/// not finished both say so. `run.metrics` are those to show.
void write_report(const std::filesystem::path& folder, const ScoredRun& run);
/// The same of a run that is read back and scored again. Errors: see load_run; usage: an override of anything
/// but `evaluate.*`, which would have no effect on predictions that are made already.
std::vector<evaluation::Metric> write_run_report(const std::filesystem::path& folder,
                                                 const std::vector<std::string>& overrides = {},
                                                 const LoadRunOptions& options = {});

}  // namespace photo51::report

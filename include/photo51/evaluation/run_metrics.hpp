#pragma once
/// The metrics of a run: of its test cases, and of its development cases as predicted out of fold.

#include <string>
#include <vector>

#include "photo51/evaluation/evaluate.hpp"
#include "photo51/run/cases.hpp"

namespace photo51::evaluation {

/// A run's predictions by the part of the cohort.
struct RunPredictions {
  std::vector<model::Prediction> development, test;
  MapScores maps = {};     ///< of heads that outline, of all parts
  bool one_split = false;  ///< development cases are those of one validation part, not of folds
};
/// In their order. A case that `cases` does not name is development.
RunPredictions by_part(std::vector<model::Prediction> predictions, const std::vector<run::CaseRow>& cases,
                       const data::SplitOptions& split);

/// The rows that are predicted, in the cohort's order.
std::vector<int64_t> rows_of(const data::Cohort& cohort, const std::vector<model::Prediction>& predictions);

/// Metrics in the groups of `metrics.csv`: `all` = the test cases, and `cross_validation` = the development
/// cases (`validation` = those of the one split, without folds); without test cases `all` = the development
/// cases. Subgroups: `site=CS`, `cross_validation/site=DU`. A part in which a head cannot be scored (one
/// class, no event) is left out with a warning, also put into `warnings`. Errors: see truth_of.
std::vector<Metric> evaluate_run(const RunPredictions& predictions, const data::Cohort& cohort,
                                 const EvaluateOptions& options,
                                 std::vector<std::string>* warnings = nullptr);

}  // namespace photo51::evaluation

#pragma once
/// Predictions of one head joined with the truth: plain vectors, one entry a patient, for the statistics.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/evaluation/evaluate.hpp"

namespace photo51::evaluation {

struct ScoredPredictions {
  data::TaskSpec spec;
  std::vector<std::string> cases;    ///< predicted cases with a known label, by name
  std::vector<std::string> classes;  ///< multiclass; binary: "0", "1"; expression: genes
  /// Binary: probability of class 1. Multiclass: [n, classes]. Segmentation: [n, classes], ml. Expression:
  /// [n, genes]. Else the value or risk.
  std::vector<double> predicted;
  std::vector<double> low, high;            ///< like `predicted`: the ensemble's interval
  std::vector<int> label;                   ///< binary and multiclass
  std::vector<double> value;                ///< regression: target; survival: time; expression: [n, genes];
                                            ///< segmentation: [n, classes], ml
  std::vector<std::vector<MapScore>> maps;  ///< segmentation: [n][classes]
  std::vector<char> event;                  ///< survival

  int64_t size() const { return static_cast<int64_t>(cases.size()); }
  /// Columns of `predicted`.
  int64_t width() const;
  /// Numbers of `value` that a case has.
  size_t values_per_case() const;
  /// The same for some patients only (repeats allowed).
  ScoredPredictions pick(const std::vector<int64_t>& patients) const;
};

/// Errors (data): nothing predicted for the head, no known label, a missing class, a case predicted twice, a
/// value that is not a number.
ScoredPredictions join(const std::vector<model::Prediction>& predictions, const GroundTruth& truth,
                       const data::TaskSpec& spec);

}  // namespace photo51::evaluation

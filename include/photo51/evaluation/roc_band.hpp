#pragma once
/// How uncertain a ROC curve is.

#include <span>
#include <vector>

#include "photo51/evaluation/bootstrap.hpp"

namespace photo51::evaluation {

struct RocBandPoint {
  double false_positive_rate = 0, low = 0, high = 1;  ///< of the true positive rate
};

/// Pointwise patient-bootstrap band of the true positive rate at `points` even false positive rates from 0
/// to 1. Resamples of one class are left out. Empty with one class.
std::vector<RocBandPoint> roc_band(std::span<const double> score, std::span<const int> label,
                                   const BootstrapOptions& options = {}, int64_t points = 51);

}  // namespace photo51::evaluation

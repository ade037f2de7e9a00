#pragma once
/// How well probabilities tell classes apart and how true they are. Vectors are one entry a patient; a
/// statistic that is undefined for what it is given (one class only, nobody) is NaN, never an exception.

#include <cstdint>
#include <span>
#include <vector>

namespace photo51::evaluation {

/// Area under the ROC curve = probability that a positive scores above a negative, ties counting one half
/// (Hanley & McNeil 1982). `label` holds 0 and 1.
double auroc(std::span<const double> score, std::span<const int> label);
/// Average precision: sum over distinct thresholds of (recall gained) x precision. No interpolation.
double auprc(std::span<const double> score, std::span<const int> label);
/// Mean squared distance of the probability of class 1 from the truth (Brier 1950).
double brier(std::span<const double> probability, std::span<const int> label);
/// Mean negative log likelihood, probabilities kept within 2^-52 of 0 and 1.
double log_loss(std::span<const double> probability, std::span<const int> label);

/// Fraction of positives with score >= threshold, and of negatives below it.
double sensitivity(std::span<const double> score, std::span<const int> label, double threshold = 0.5);
double specificity(std::span<const double> score, std::span<const int> label, double threshold = 0.5);

struct RocPoint {
  double threshold = 0, false_positive_rate = 0, true_positive_rate = 0;
};
/// From (0, 0) at threshold infinity, one point a distinct score, to (1, 1). Empty with one class.
std::vector<RocPoint> roc_curve(std::span<const double> score, std::span<const int> label);

struct CalibrationBin {
  double low = 0, high = 0;  ///< edges; the last bin holds its upper edge
  double predicted = 0;      ///< mean probability of the patients in it
  double observed = 0;       ///< fraction of them that are positive
  int64_t count = 0;
};
enum class Binning { width, quantile };
/// Non-empty bins in order: of equal width over [0, 1], or of about equally many patients (equal
/// probabilities are never parted, so there may be fewer).
std::vector<CalibrationBin> calibration_bins(std::span<const double> probability, std::span<const int> label,
                                             int64_t bins = 10, Binning binning = Binning::width);
/// Expected calibration error: mean over patients of |observed - predicted| of their bin, equal widths.
double expected_calibration_error(std::span<const double> probability, std::span<const int> label,
                                  int64_t bins = 10);

/// Mean recall over the classes that occur in `label`; binary: (sensitivity + specificity) / 2. NaN with
/// fewer than two.
double balanced_accuracy(std::span<const int> predicted, std::span<const int> label);
double accuracy(std::span<const int> predicted, std::span<const int> label);
/// The class of highest probability of each row of `probability` [n, classes]; the first of equals.
std::vector<int> argmax(std::span<const double> probability, int64_t classes);
/// One-vs-rest AUROC, averaged over the classes that occur in `label`. `probability` is [n, classes].
double macro_auroc(std::span<const double> probability, std::span<const int> label, int64_t classes);

/// Score interval of a proportion (Wilson 1927); `z` = 1.96 for 95 %.
struct Proportion {
  double low = 0, high = 1;
};
Proportion wilson_interval(double fraction, int64_t count, double z = 1.959963984540054);

}  // namespace photo51::evaluation

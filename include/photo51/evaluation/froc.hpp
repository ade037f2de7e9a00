#pragma once
/// Free-response ROC: how many lesions a detector finds, and at how many false positives an image.

#include <cstdint>
#include <span>
#include <vector>

#include "photo51/evaluation/bootstrap.hpp"

namespace photo51::evaluation {

/// A scored point or box.
struct Candidate {
  double score = 0;           ///< higher = more certain
  std::vector<int64_t> hits;  ///< lesions of its image that it hits, by index; none = a false positive
  bool ignored = false;       ///< counts nowhere, as on findings that nobody asks for
};
struct FrocImage {
  int64_t lesions = 0;
  std::vector<Candidate> candidates;
};

struct FrocPoint {
  double threshold = 0;        ///< candidates of at least this score count
  double false_positives = 0;  ///< an image
  double sensitivity = 0;      ///< lesions that are hit, of all lesions of all images
};
/// From (0, 0) at threshold infinity, one point a distinct score, towards lower ones. A lesion that is hit
/// several times is found once, and none of the hits is a false positive. Empty without images or lesions.
/// Error (usage): a hit that is no lesion of its image, a score that is NaN.
std::vector<FrocPoint> froc_curve(std::span<const FrocImage> images);

/// By linear interpolation between the points, of those at the same false positives the last; beyond the last
/// point its sensitivity. NaN for an empty curve.
double sensitivity_at(std::span<const FrocPoint> curve, double false_positives);

/// The rates of LUNA16 (Setio et al. 2017, doi:10.1016/j.media.2017.06.015): 1/8, 1/4, 1/2, 1, 2, 4, 8.
std::vector<double> cpm_rates();
/// Competition performance metric: the mean sensitivity at `rates`.
double cpm(std::span<const FrocPoint> curve, std::span<const double> rates);
double cpm(std::span<const FrocPoint> curve);

/// A sensitivity, or the CPM, and its interval from resampling images (bootstrap.hpp).
struct FrocEstimate {
  double value = 0;
  Interval interval;
};
FrocEstimate sensitivity_at(std::span<const FrocImage> images, double false_positives,
                            const BootstrapOptions& options);
FrocEstimate cpm(std::span<const FrocImage> images, const BootstrapOptions& options);

}  // namespace photo51::evaluation

#include <ATen/ATen.h>

#include <numeric>

#include "evaluation/segmentation/masks.hpp"
#include "evaluation/undefined.hpp"
#include "photo51/core/error.hpp"
#include "photo51/evaluation/segmentation.hpp"

namespace photo51::evaluation {
namespace {

double share(int64_t part, int64_t whole) {
  return whole == 0 ? undefined : static_cast<double>(part) / static_cast<double>(whole);
}

Overlap overlap_of(const MaskPair& masks) {
  const auto count = [](const at::Tensor& mask) { return mask.sum().item<int64_t>(); };
  return {count(masks.predicted.logical_and(masks.truth)), count(masks.predicted), count(masks.truth)};
}

}  // namespace

Overlap overlap_of(const at::Tensor& predicted, const at::Tensor& truth) {
  return overlap_of(MaskPair(predicted, truth));
}

double dice(const Overlap& overlap) {
  return share(2 * overlap.both, overlap.predicted + overlap.truth);
}

double iou(const Overlap& overlap) {
  return share(overlap.both, overlap.predicted + overlap.truth - overlap.both);
}

double sensitivity(const Overlap& overlap) {
  return share(overlap.both, overlap.truth);
}

double precision(const Overlap& overlap) {
  return share(overlap.both, overlap.predicted);
}

MaskScores mask_scores(const at::Tensor& predicted, const at::Tensor& truth, std::span<const double> spacing,
                       double tolerance) {
  const SurfaceDistances distances = surface_distances(predicted, truth, spacing);
  const Overlap overlap = overlap_of(predicted, truth);
  const double voxel = std::accumulate(spacing.begin(), spacing.end(), 1.0, std::multiplies<>());
  return {.dice = dice(overlap),
          .iou = iou(overlap),
          .sensitivity = sensitivity(overlap),
          .precision = precision(overlap),
          .hd95 = hausdorff(distances),
          .assd = average_surface_distance(distances),
          .nsd = surface_dice(distances, tolerance),
          .predicted_volume = voxel * static_cast<double>(overlap.predicted),
          .true_volume = voxel * static_cast<double>(overlap.truth),
          .volume_difference = share(overlap.predicted - overlap.truth, overlap.truth)};
}

std::vector<MaskScores> class_scores(const at::Tensor& predicted, const at::Tensor& truth, int64_t classes,
                                     std::span<const double> spacing, double tolerance) {
  if (classes < 2)
    core::fail_usage("segmentation metrics: needs the background and a class, 2 classes in all");
  static_cast<void>(MaskPair(predicted, truth, spacing));  // for its errors, before masks are made
  const at::Tensor known = truth.ge(0);
  std::vector<MaskScores> scores;
  for (int64_t k = 1; k < classes; ++k)
    scores.push_back(mask_scores(predicted.eq(k).logical_and_(known), truth.eq(k), spacing, tolerance));
  return scores;
}

}  // namespace photo51::evaluation

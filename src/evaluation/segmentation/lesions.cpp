#include <ATen/ATen.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "evaluation/segmentation/masks.hpp"
#include "evaluation/undefined.hpp"
#include "photo51/core/error.hpp"
#include "photo51/evaluation/lesions.hpp"
#include "photo51/evaluation/segmentation.hpp"
#include "photo51/ops/components.hpp"

namespace photo51::evaluation {
namespace {

/// With the neighbours along an axis.
at::Tensor spread(const at::Tensor& mask, int64_t axis) {
  at::Tensor wider = mask.clone();
  const int64_t length = mask.size(axis) - 1;
  wider.narrow(axis, 1, length).logical_or_(mask.narrow(axis, 0, length));
  wider.narrow(axis, 0, length).logical_or_(mask.narrow(axis, 1, length));
  return wider;
}

/// With all voxels that share a face or an edge with it, on a plane a side or a corner.
at::Tensor dilated(const at::Tensor& mask) {
  const int64_t x = mask.dim() - 1, y = x - 1;
  const at::Tensor along_x = spread(mask, x);
  at::Tensor wider = spread(along_x, y);
  if (mask.dim() == 3) wider.logical_or_(spread(along_x, 0)).logical_or_(spread(spread(mask, y), 0));
  return wider;
}

/// What a true lesion is compared with.
struct Match {
  int64_t voxels = 0, overlap = 0;
  std::set<int32_t> predicted;  ///< labels
};

std::vector<Match> match(const at::Tensor& truth, const ops::ConnectedComponents& reach,
                         const ops::ConnectedComponents& predicted) {
  std::vector<Match> matches(reach.parts.size());
  const auto* inside = truth.const_data_ptr<bool>();
  const auto* of_truth = reach.labels.const_data_ptr<int32_t>();
  const auto* of_predicted = predicted.labels.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < truth.numel(); ++i) {
    if (of_truth[i] == 0) continue;
    Match& lesion = matches[static_cast<size_t>(of_truth[i] - 1)];
    lesion.voxels += inside[i] ? 1 : 0;
    if (of_predicted[i] == 0) continue;
    lesion.overlap += inside[i] ? 1 : 0;
    lesion.predicted.insert(of_predicted[i]);
  }
  return matches;
}

/// Cuts to a box of x, y, z.
at::Tensor cut(at::Tensor tensor, const ops::Box& box) {
  const int64_t dims = tensor.dim();
  for (int64_t axis = 0; axis < dims; ++axis) {
    const auto of_box = static_cast<size_t>(dims - 1 - axis);
    tensor = tensor.narrow(axis, box.low[of_box], box.high[of_box] - box.low[of_box] + 1);
  }
  return tensor;
}

/// The true lesion of number `label` beside all that finds it.
double hd95_of(const at::Tensor& truth, int32_t label, const Match& match,
               const ops::ConnectedComponents& reach, const ops::ConnectedComponents& predicted,
               std::span<const double> spacing) {
  ops::Box box = reach.parts[static_cast<size_t>(label - 1)].box;
  for (const int32_t other : match.predicted) {
    const ops::Box& with = predicted.parts[static_cast<size_t>(other - 1)].box;
    for (size_t axis = 0; axis < 3; ++axis) {
      box.low[axis] = std::min(box.low[axis], with.low[axis]);
      box.high[axis] = std::max(box.high[axis], with.high[axis]);
    }
  }
  const at::Tensor lesion = cut(reach.labels, box).eq(label).logical_and_(cut(truth, box));
  const at::Tensor labels = cut(predicted.labels, box);
  at::Tensor finds = at::zeros(labels.sizes(), at::kBool);
  for (const int32_t other : match.predicted) finds.logical_or_(labels.eq(other));
  return hausdorff(surface_distances(finds, lesion, spacing));
}

double of_total(int64_t part, int64_t whole) {
  return whole == 0 ? undefined : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

LesionScores lesion_scores(const at::Tensor& predicted, const at::Tensor& truth,
                           std::span<const double> spacing, const LesionOptions& options) {
  const MaskPair masks(predicted, truth, spacing);
  if (options.dilation < 0) core::fail_usage("lesion scores: the dilation is a number of steps, 0 or more");
  at::Tensor wide = masks.truth;
  for (int64_t step = 0; step < options.dilation; ++step) wide = dilated(wide);
  const auto reach = ops::connected_components(wide, ops::Neighbours::corners);
  const auto found = ops::connected_components(masks.predicted, ops::Neighbours::corners);
  const std::vector<Match> matches = match(masks.truth, reach, found);
  const double voxel = std::accumulate(spacing.begin(), spacing.end(), 1.0, std::multiplies<>());

  LesionScores scores;
  std::set<int32_t> matched;
  double dice_sum = 0, distance_sum = 0;
  for (size_t i = 0; i < matches.size(); ++i) {
    const Match& of = matches[i];
    matched.insert(of.predicted.begin(), of.predicted.end());
    LesionScore lesion{.volume = voxel * static_cast<double>(of.voxels), .found = !of.predicted.empty()};
    if (lesion.volume <= options.min_volume) continue;
    lesion.hd95 = options.missed_distance;
    if (lesion.found) {
      Overlap overlap{.both = of.overlap, .predicted = 0, .truth = of.voxels};
      for (const int32_t label : of.predicted)
        overlap.predicted += found.parts[static_cast<size_t>(label - 1)].size;
      lesion.dice = dice(overlap);
      lesion.hd95 = hd95_of(masks.truth, static_cast<int32_t>(i + 1), of, reach, found, spacing);
    }
    ++(lesion.found ? scores.found : scores.missed);
    dice_sum += lesion.dice;
    distance_sum += lesion.hd95;
    scores.lesions.push_back(lesion);
  }
  scores.false_positives = static_cast<int64_t>(found.parts.size() - matched.size());
  const int64_t lesions = scores.found + scores.missed, all = lesions + scores.false_positives;
  if (all > 0) {
    const auto invented = static_cast<double>(scores.false_positives);
    scores.dice = dice_sum / static_cast<double>(all);
    scores.hd95 = (distance_sum + invented * options.missed_distance) / static_cast<double>(all);
  }
  scores.sensitivity = of_total(scores.found, lesions);
  scores.precision = of_total(scores.found, scores.found + scores.false_positives);
  scores.f1 = of_total(2 * scores.found, scores.found + all);
  return scores;
}

}  // namespace photo51::evaluation

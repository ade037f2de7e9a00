#include "photo51/radiogenomics/detection/merge.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <array>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"
#include "photo51/radiogenomics/detection/nms.hpp"

namespace photo51::radiogenomics {
namespace {

constexpr double importance_width = 0.8;  // of half a window

/// All boxes of all windows, on the host in float64.
struct Gathered {
  at::Tensor boxes, scores, labels;
  at::Tensor window;      ///< [N] which of them found the box
  at::Tensor importance;  ///< [N]
  at::Tensor cover;       ///< [N] mean number of windows over the box's volume
};

at::Tensor window_box(const WindowDetections& window) {
  std::vector<double> corners;
  for (const int64_t low : window.corner) corners.push_back(static_cast<double>(low));
  for (size_t axis = 0; axis < window.size.size(); ++axis)
    corners.push_back(corners[axis] + static_cast<double>(window.size[axis]));
  return at::tensor(corners, at::kDouble).unsqueeze(0);
}

void check_window(const WindowDetections& window, size_t axes) {
  if (window.corner.size() != axes || window.size.size() != axes ||
      static_cast<size_t>(box_dims(window.found.boxes)) != axes)
    core::fail_usage("a window and its boxes have to have the axes of the first window's boxes, " +
                     std::to_string(axes));
  if (std::ranges::any_of(window.size, [](int64_t edge) { return edge < 1; }))
    core::fail_usage("a window has no extent along an axis");
}

Gathered gathered(const std::vector<WindowDetections>& windows) {
  if (windows.empty()) core::fail_usage("detections are merged of at least one window");
  const auto axes = static_cast<size_t>(box_dims(windows.front().found.boxes));
  std::vector<at::Tensor> boxes, scores, labels, window, importance, around;
  for (const WindowDetections& one : windows) {
    check_window(one, axes);
    boxes.push_back(one.found.boxes.to(at::kCPU, at::kDouble));
    scores.push_back(one.found.scores.to(at::kCPU, at::kDouble));
    labels.push_back(one.found.labels.to(at::kCPU, at::kLong));
    window.push_back(at::full({boxes.back().size(0)}, static_cast<int64_t>(window.size()), at::kLong));
    importance.push_back(place_importance(boxes.back(), one.corner, one.size));
    around.push_back(window_box(one));
  }
  Gathered all{at::cat(boxes), at::cat(scores), at::cat(labels), at::cat(window), at::cat(importance), {}};
  const auto dims = static_cast<int64_t>(axes);
  const at::Tensor each = all.boxes.unsqueeze(1), of = at::cat(around).unsqueeze(0);
  const at::Tensor within = (at::minimum(each.narrow(2, dims, dims), of.narrow(2, dims, dims)) -
                             at::maximum(each.narrow(2, 0, dims), of.narrow(2, 0, dims)))
                                .clamp_min(0)
                                .prod(2);
  all.cover = within.sum(1) / box_volumes(all.boxes).clamp_min(1e-12);
  return all;
}

Detections rows_of(const Detections& all, const at::Tensor& rows) {
  return {all.boxes.index_select(0, rows), all.scores.index_select(0, rows),
          all.labels.index_select(0, rows)};
}

/// The best `most` whose scores reach the threshold.
Detections best_of(const Detections& all, const MergeOptions& options) {
  const at::Tensor order = all.scores.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  const at::Tensor reach =
      (all.scores.index_select(0, order) >= options.score_threshold).nonzero().squeeze(1);
  return rows_of(all, order.index_select(0, reach.narrow(0, 0, std::min(reach.size(0), options.detections))));
}

/// One box of the boxes `rows`, of which the first is the best.
struct Cluster {
  at::Tensor box, score;
};
Cluster cluster_of(const Gathered& all, const at::Tensor& rows, const at::Tensor& overlap) {
  const auto of = [&](const at::Tensor& values) { return values.index_select(0, rows); };
  const at::Tensor weight = overlap * box_volumes(of(all.boxes)) * of(all.importance);
  const at::Tensor graded = weight * of(all.scores);
  const at::Tensor window = of(all.window);
  const std::set<int64_t> seen(window.const_data_ptr<int64_t>(),
                               window.const_data_ptr<int64_t>() + window.numel());
  const double missing =
      std::max(0.0, of(all.cover).mean().item<double>() - static_cast<double>(seen.size()));
  if (graded.sum().item<double>() <= 0)  // boxes without extent or score weigh nothing
    return {all.boxes[rows[0].item<int64_t>()], at::zeros({}, graded.options())};
  return {(of(all.boxes) * graded.unsqueeze(1)).sum(0) / graded.sum(),
          graded.sum() / (weight.sum() + missing * weight.mean())};
}

Detections clustered(const Gathered& all, double iou_threshold) {
  std::vector<at::Tensor> boxes, scores, labels;
  at::Tensor left = all.scores.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  while (left.size(0) > 0) {
    const at::Tensor best = left.narrow(0, 0, 1);
    const at::Tensor overlap =
        box_iou(all.boxes.index_select(0, best), all.boxes.index_select(0, left)).squeeze(0);
    at::Tensor joins =
        (overlap > iou_threshold) & (all.labels.index_select(0, left) == all.labels.index_select(0, best));
    joins[0] = true;
    const at::Tensor members = joins.nonzero().squeeze(1);
    const Cluster one = cluster_of(all, left.index_select(0, members), overlap.index_select(0, members));
    boxes.push_back(one.box);
    scores.push_back(one.score);
    labels.push_back(all.labels.index_select(0, best));
    left = left.index_select(0, (~joins).nonzero().squeeze(1));
  }
  if (boxes.empty()) return {all.boxes, all.scores, all.labels};
  return {at::stack(boxes), at::stack(scores), at::cat(labels)};
}

}  // namespace

std::span<const std::string_view> enum_names(MergeKind) {
  static constexpr std::array<std::string_view, 2> names{"cluster", "nms"};
  return names;
}

void describe(config::Fields& f, MergeOptions& o) {
  f("kind", o.kind,
    "cluster = the weighted mean of boxes of one lesion, whose score falls with each window that missed it; "
    "nms = the best box as it is");
  f("iou_threshold", o.iou_threshold, "boxes of a class that overlap the best by more are of one lesion",
    {.min = 0, .max = 1});
  f("score_threshold", o.score_threshold, "boxes of lower scores are left out", {.min = 0, .max = 1});
  f("detections", o.detections, "an image, at most", {.min = 1});
}

at::Tensor place_importance(const at::Tensor& boxes, const std::vector<int64_t>& corner,
                            const std::vector<int64_t>& size) {
  const at::Tensor half = at::tensor(size, at::kLong).to(boxes.options()) / 2;
  const at::Tensor middle = at::tensor(corner, at::kLong).to(boxes.options()) + half;
  const at::Tensor away = (box_centres(boxes) - middle) / (importance_width * half);
  return (-away.square() / 2).exp().mean(1);
}

Detections merge_windows(const std::vector<WindowDetections>& windows, const MergeOptions& options) {
  const Gathered all = gathered(windows);
  Detections merged;
  if (options.kind == MergeKind::cluster) {
    merged = clustered(all, options.iou_threshold);
  } else {
    const at::Tensor kept =
        suppress_overlaps(all.boxes, all.scores * all.importance, all.labels, options.iou_threshold);
    merged = rows_of({all.boxes, all.scores, all.labels}, kept);
  }
  const Detections best = best_of(merged, options);
  return {best.boxes.to(at::kFloat), best.scores.to(at::kFloat), best.labels};
}

}  // namespace photo51::radiogenomics

#include "photo51/radiogenomics/detection/matching.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"

namespace photo51::radiogenomics {
namespace {

constexpr double border = 0.01;  // voxels that a centre has to be away from the box's border

/// The `count` smallest of each row [N, A], of equals the first: [N, count] places, ascending.
at::Tensor nearest_places(const at::Tensor& distances, int64_t count) {
  const at::Tensor last = std::get<0>(distances.topk(count, 1, /*largest=*/false)).amax(1, true);
  const at::Tensor nearer = distances < last, equal = distances == last;
  const at::Tensor taken = nearer | (equal & (equal.cumsum(1) <= count - nearer.sum(1, true)));
  return taken.nonzero().select(1, 1).view({distances.size(0), count});
}

/// [N, A] whether the candidates [N, C] of each box are good enough.
at::Tensor good_candidates(const at::Tensor& overlap, const at::Tensor& candidates, const at::Tensor& boxes,
                           const at::Tensor& centres, bool centre_inside) {
  const int64_t dims = centres.size(1);
  const at::Tensor of_candidates = overlap.gather(1, candidates);
  at::Tensor threshold = of_candidates.mean(1, true);
  if (candidates.size(1) > 1) threshold = threshold + of_candidates.std(1, /*unbiased=*/true, true);
  at::Tensor good = of_candidates >= threshold;
  if (centre_inside) {
    const at::Tensor at = centres.index_select(0, candidates.view(-1)).view({boxes.size(0), -1, dims});
    const at::Tensor near = at - boxes.narrow(1, 0, dims).unsqueeze(1);
    const at::Tensor far = boxes.narrow(1, dims, dims).unsqueeze(1) - at;
    good = good & (at::minimum(near, far).amin(2) > border);
  }
  return at::zeros_like(overlap, at::kBool).scatter(1, candidates, good);
}

}  // namespace

at::Tensor match_by_overlap(const at::Tensor& overlap, const MatcherOptions& options) {
  if (overlap.dim() != 2) core::fail_usage("overlaps of boxes and anchors are [N, A]");
  if (overlap.size(0) == 0)
    return at::full({overlap.size(1)}, match_none, overlap.options().dtype(at::kLong));
  const auto [most, box] = overlap.max(0);
  at::Tensor matches = at::where(most < options.low, at::full_like(box, match_none),
                                 at::where(most < options.high, at::full_like(box, match_ignored), box));
  if (!options.low_quality) return matches;
  const at::Tensor best = (overlap == overlap.amax(1, true)).any(0);
  return at::where(best, box, matches);
}

at::Tensor match_atss(const at::Tensor& boxes, const Anchors& anchors, const MatcherOptions& options) {
  const at::Tensor centres = box_centres(anchors.boxes);
  const at::Tensor distances =
      (box_centres(boxes).unsqueeze(1) - centres.unsqueeze(0)).square().sum(2).sqrt();  // [N, A]
  std::vector<at::Tensor> candidates;
  for (size_t level = 0; level < anchors.places.size(); ++level) {
    const int64_t begin = anchors.begin(level);
    const int64_t count = std::min(options.candidates * anchors.per_place, anchors.places[level]);
    candidates.push_back(nearest_places(distances.narrow(1, begin, anchors.count(level)), count) + begin);
  }
  const at::Tensor overlap = box_iou(boxes, anchors.boxes);
  const at::Tensor good =
      good_candidates(overlap, at::cat(candidates, 1), boxes, centres, options.centre_inside);
  const auto [most, box] = overlap.masked_fill(~good, -1).max(0);
  at::Tensor matches = at::where(most < 0, at::full_like(box, match_none), box);
  if (!options.every_box) return matches;

  // Of a box that no anchor learns the free one that overlaps it most; where none overlaps, the nearest.
  const at::Tensor learned =
      (matches.unsqueeze(0) == at::arange(boxes.size(0), box.options()).unsqueeze(1)).any(1).to(at::kCPU);
  for (int64_t row = 0; row < boxes.size(0); ++row) {
    if (learned[row].item<bool>()) continue;
    const at::Tensor grade = overlap[row] - 1e-6 * distances[row] / distances[row].amax().clamp_min(1);
    const at::Tensor free = matches == match_none;
    const at::Tensor place = grade.masked_fill(~free, -2).argmax(0, true);
    matches = matches.index_fill(0, place, row);
  }
  return matches;
}

at::Tensor match_boxes(const at::Tensor& boxes, const Anchors& anchors, const MatcherOptions& options) {
  if (boxes.size(0) == 0)
    return at::full({anchors.boxes.size(0)}, match_none, anchors.boxes.options().dtype(at::kLong));
  if (options.kind == BoxMatcher::atss) return match_atss(boxes, anchors, options);
  return match_by_overlap(box_iou(boxes, anchors.boxes), options);
}

}  // namespace photo51::radiogenomics

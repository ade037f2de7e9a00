#include "photo51/radiogenomics/detection/nms.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"

namespace photo51::radiogenomics {
namespace {

/// Boxes of one label, the highest score first; corner by corner, so that a loop over boxes runs in vectors.
template <class Number>
class Suppression {
 public:
  Suppression(const at::Tensor& boxes, const std::vector<int64_t>& order)
      : dims_(boxes.size(1) / 2), order_(order), gone_(order.size(), 0), volume_(order.size(), 1) {
    const auto* values = boxes.const_data_ptr<Number>();
    for (int64_t side = 0; side < 2 * dims_; ++side) {
      corners_.emplace_back(order.size());
      for (size_t k = 0; k < order.size(); ++k) corners_.back()[k] = values[order[k] * 2 * dims_ + side];
    }
    for (int64_t axis = 0; axis < dims_; ++axis)
      for (size_t k = 0; k < order.size(); ++k)
        volume_[k] *= std::max(far(axis)[k] - near(axis)[k], Number(0));
  }

  std::vector<int64_t> kept(double iou_threshold) {
    std::vector<int64_t> kept;
    std::vector<Number> shared(order_.size());
    for (size_t best = 0; best < order_.size(); ++best) {
      if (gone_[best]) continue;
      kept.push_back(order_[best]);
      std::fill(shared.begin() + static_cast<std::ptrdiff_t>(best), shared.end(), Number(1));
      for (int64_t axis = 0; axis < dims_; ++axis) {
        const Number low = near(axis)[best], high = far(axis)[best];
        const auto &lows = near(axis), &highs = far(axis);
        for (size_t k = best + 1; k < order_.size(); ++k)
          shared[k] *= std::max(std::min(high, highs[k]) - std::max(low, lows[k]), Number(0));
      }
      for (size_t k = best + 1; k < order_.size(); ++k) {
        const Number both = volume_[best] + volume_[k] - shared[k];
        // Two boxes without extent have no overlap.
        if (static_cast<double>(shared[k] / std::max(both, std::numeric_limits<Number>::min())) >
            iou_threshold)
          gone_[k] = 1;
      }
    }
    return kept;
  }

 private:
  const std::vector<Number>& near(int64_t axis) const { return corners_[static_cast<size_t>(axis)]; }
  const std::vector<Number>& far(int64_t axis) const { return corners_[static_cast<size_t>(axis + dims_)]; }

  int64_t dims_;
  const std::vector<int64_t>& order_;
  std::vector<char> gone_;
  std::vector<Number> volume_;
  std::vector<std::vector<Number>> corners_;
};

}  // namespace

at::Tensor suppress_overlaps(const at::Tensor& boxes, const at::Tensor& scores, const at::Tensor& labels,
                             double iou_threshold, int64_t most) {
  box_dims(boxes);
  const int64_t count = boxes.size(0);
  if (scores.dim() != 1 || scores.size(0) != count ||
      (labels.defined() && (labels.dim() != 1 || labels.size(0) != count)))
    core::fail_usage("suppression of " + std::to_string(count) +
                     " boxes needs a score for each, and with labels one for each");
  if (!(iou_threshold >= 0 && iou_threshold <= 1))
    core::fail_usage("iou_threshold: " + core::format_number(iou_threshold) + " is not in 0..1");
  const at::ScalarType type = boxes.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor host = boxes.detach().to(at::kCPU, type).contiguous();
  const at::Tensor graded = scores.detach().to(at::kCPU, at::kDouble).contiguous();
  if (!host.isfinite().all().item<bool>() || !graded.isfinite().all().item<bool>())
    core::fail_run(
        "detections: a box or its score is not finite: the weights have grown too far; train with a "
        "lower learning rate");
  const auto* score = graded.const_data_ptr<double>();

  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  const auto better = [score](int64_t a, int64_t b) {
    return score[a] != score[b] ? score[a] > score[b] : a < b;
  };
  std::ranges::sort(order, better);
  std::map<int64_t, std::vector<int64_t>> by_label;
  const at::Tensor named = labels.defined() ? labels.to(at::kCPU, at::kLong).contiguous() : at::Tensor();
  for (const int64_t box : order)
    by_label[named.defined() ? named.const_data_ptr<int64_t>()[box] : 0].push_back(box);

  std::vector<int64_t> kept;
  for (const auto& [label, of_label] : by_label) {
    const std::vector<int64_t> left = type == at::kDouble
                                          ? Suppression<double>(host, of_label).kept(iou_threshold)
                                          : Suppression<float>(host, of_label).kept(iou_threshold);
    kept.insert(kept.end(), left.begin(), left.end());
  }
  std::ranges::sort(kept, better);
  if (most >= 0 && static_cast<int64_t>(kept.size()) > most) kept.resize(static_cast<size_t>(most));
  return at::tensor(kept, at::kLong).to(boxes.device());
}

}  // namespace photo51::radiogenomics

#include "photo51/nn/inference/sliding_window.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::nn {
namespace {

using Edges = std::vector<int64_t>;

void require_window(bool holds, const std::string& message) {
  if (!holds) core::fail_usage("sliding window: " + message);
}

/// One number an axis.
Edges whole_window(const Edges& window, int64_t dims) {
  const Edges edges = window.size() == 1 ? Edges(static_cast<size_t>(dims), window[0]) : window;
  require_window(static_cast<int64_t>(edges.size()) == dims,
                 "the images have " + std::to_string(dims) + " axes and `window` has " +
                     std::to_string(window.size()) + " edges; give one, or one an axis");
  require_window(std::ranges::all_of(edges, [](int64_t edge) { return edge > 0; }),
                 "`window` must be above 0 along each axis");
  return edges;
}

/// The corners of all windows, x fastest.
std::vector<Edges> window_corners(at::IntArrayRef size, const Edges& window, double overlap) {
  std::vector<Edges> corners{{}};
  for (size_t axis = 0; axis < window.size(); ++axis) {
    std::vector<Edges> longer;
    for (const Edges& corner : corners)
      for (const int64_t start : window_starts(size[axis], window[axis], overlap)) {
        longer.push_back(corner);
        longer.back().push_back(start);
      }
    corners = std::move(longer);
  }
  return corners;
}

/// The part of [B, C, ...] that a window covers.
at::Tensor covered(at::Tensor values, const Edges& corner, const Edges& window) {
  for (size_t axis = 0; axis < window.size(); ++axis)
    values = values.narrow(static_cast<int64_t>(axis) + 2, corner[axis], window[axis]);
  return values;
}

}  // namespace

Edges window_starts(int64_t size, int64_t edge, double overlap) {
  const int64_t step = std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(edge) * (1 - overlap)));
  Edges starts{0};
  while (starts.back() + edge < size) starts.push_back(std::min(starts.back() + step, size - edge));
  return starts;
}

at::Tensor window_importance(const Edges& window, Importance importance, double sigma) {
  if (importance == Importance::constant) return at::ones(window, at::kFloat);
  require_window(sigma > 0, "`sigma` must be above 0, not " + core::format_number(sigma));
  at::Tensor weights = at::ones({}, at::kFloat);
  for (const int64_t edge : window) {
    const double deviation = static_cast<double>(edge) * sigma;
    const at::Tensor places = at::arange(edge, at::kFloat) - static_cast<double>(edge - 1) / 2;
    weights = weights.unsqueeze(-1) * (places.square() / (-2 * deviation * deviation)).exp();
  }
  return weights.clamp_min(std::max(weights.min().item<double>(), 1e-3));
}

at::Tensor slide_window(const at::Tensor& images, const SlidingWindowOptions& options,
                        const std::function<at::Tensor(const at::Tensor&)>& network) {
  const int64_t dims = images.dim() - 2;
  const Edges window = whole_window(options.window, dims);
  require_window(options.overlap >= 0 && options.overlap < 1,
                 "`overlap` must be at least 0 and below 1, not " + core::format_number(options.overlap));
  require_window(options.batch_size > 0, "`batch_size` must be above 0");

  Edges before, sides;  // `sides` the last axis first
  for (int64_t axis = 0; axis < dims; ++axis) {
    const int64_t more = std::max<int64_t>(0, window[static_cast<size_t>(axis)] - images.size(axis + 2));
    before.push_back(more / 2);
    sides.insert(sides.begin(), {more / 2, more - more / 2});
  }
  const bool pads = std::ranges::any_of(sides, [](int64_t more) { return more > 0; });
  const at::Tensor padded = pads ? at::constant_pad_nd(images, sides) : images;

  const auto corners = window_corners(padded.sizes().slice(2), window, options.overlap);
  const auto type = images.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor importance =
      window_importance(window, options.importance, options.sigma).to(images.device(), type);
  const auto count = static_cast<int64_t>(corners.size()), all = count * images.size(0);
  at::Tensor sum;
  for (int64_t begin = 0; begin < all; begin += options.batch_size) {
    const int64_t end = std::min(all, begin + options.batch_size);
    std::vector<at::Tensor> parts;
    for (int64_t i = begin; i < end; ++i)
      parts.push_back(
          covered(padded.narrow(0, i / count, 1), corners[static_cast<size_t>(i % count)], window));
    at::Tensor found = network(at::cat(parts)).to(type);
    require_window(
        found.dim() == images.dim() && found.size(0) == end - begin && found.sizes().slice(2) == window,
        "of windows of " + c10::str(at::IntArrayRef(window)) + " the network makes " +
            c10::str(found.sizes()) + "; it must keep their number and size");
    if (options.importance != Importance::constant) found = found * importance;
    if (!sum.defined()) {
      Edges sizes = padded.sizes().vec();
      sizes[1] = found.size(1);
      sum = at::zeros(sizes, found.options().requires_grad(false));
    }
    for (int64_t i = begin; i < end; ++i)
      covered(sum.narrow(0, i / count, 1), corners[static_cast<size_t>(i % count)], window)
          .add_(found.narrow(0, i - begin, 1));
  }
  Edges sizes = padded.sizes().vec();
  sizes[0] = sizes[1] = 1;
  const at::Tensor weights = at::zeros(sizes, importance.options());
  for (const Edges& corner : corners) covered(weights, corner, window).add_(importance);
  return covered(sum.div_(weights), before, images.sizes().slice(2).vec());
}

}  // namespace photo51::nn

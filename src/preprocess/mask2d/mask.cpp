#include "preprocess/mask2d/mask.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ne.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "photo51/ops/components.hpp"

namespace photo51::preprocess {
namespace {

/// Along one line of `count` pixels with a step: out = any (or all) pixel within `radius` is inside.
void spread_line(const uint8_t* in, uint8_t* out, int64_t count, int64_t step, int64_t radius, bool any) {
  int64_t hits = 0;  // inside pixels (any) or outside pixels (all) of the window
  const auto hit = [&](int64_t i) { return (in[i * step] != 0) == any ? 1 : 0; };
  for (int64_t i = 0; i < std::min(radius, count); ++i) hits += hit(i);
  for (int64_t i = 0; i < count; ++i) {
    if (i + radius < count) hits += hit(i + radius);
    if (i - radius - 1 >= 0) hits -= hit(i - radius - 1);
    out[i * step] = (hits > 0) == any ? 1 : 0;
  }
}

BytePlane spread(const BytePlane& mask, int64_t radius, bool any) {
  BytePlane along(mask.height, mask.width), out(mask.height, mask.width);
  for (int64_t y = 0; y < mask.height; ++y)
    spread_line(&mask.pixels[static_cast<size_t>(y * mask.width)],
                &along.pixels[static_cast<size_t>(y * mask.width)], mask.width, 1, radius, any);
  for (int64_t x = 0; x < mask.width; ++x)
    spread_line(&along.pixels[static_cast<size_t>(x)], &out.pixels[static_cast<size_t>(x)], mask.height,
                mask.width, radius, any);
  return out;
}

template <class Better>
BytePlane extreme(const BytePlane& plane, int64_t rx, int64_t ry, Better better) {
  BytePlane along(plane.height, plane.width), out(plane.height, plane.width);
  for (int64_t y = 0; y < plane.height; ++y)
    for (int64_t x = 0; x < plane.width; ++x) {
      uint8_t best = plane.at(y, x);
      for (int64_t i = std::max<int64_t>(0, x - rx); i <= std::min(plane.width - 1, x + rx); ++i)
        best = better(best, plane.at(y, i));
      along.at(y, x) = best;
    }
  for (int64_t y = 0; y < plane.height; ++y)
    for (int64_t x = 0; x < plane.width; ++x) {
      uint8_t best = along.at(y, x);
      for (int64_t i = std::max<int64_t>(0, y - ry); i <= std::min(plane.height - 1, y + ry); ++i)
        best = better(best, along.at(i, x));
      out.at(y, x) = best;
    }
  return out;
}

struct Point {
  int64_t x, y;
};
int64_t turn(const Point& a, const Point& b, const Point& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

}  // namespace

BytePlane BytePlane::of(const at::Tensor& mask) {
  const at::Tensor bytes = mask.to(at::kByte).contiguous();
  BytePlane made(bytes.size(0), bytes.size(1));
  std::memcpy(made.pixels.data(), bytes.const_data_ptr<uint8_t>(), made.pixels.size());
  return made;
}

at::Tensor BytePlane::tensor() const {
  at::Tensor made = at::empty({height, width}, at::kByte);
  std::memcpy(made.mutable_data_ptr(), pixels.data(), pixels.size());
  return made;
}

int64_t BytePlane::count() const {
  return std::count_if(pixels.begin(), pixels.end(), [](uint8_t p) { return p != 0; });
}

PixelBox BytePlane::box() const {
  PixelBox box{height, width, 0, 0};
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      if (at(y, x) != 0)
        box = {std::min(box.y0, y), std::min(box.x0, x), std::max(box.y1, y + 1), std::max(box.x1, x + 1)};
  return box.y1 == 0 ? PixelBox{} : box;
}

BytePlane Components::mask(const BytePlane& like, size_t part) const {
  BytePlane made(like.height, like.width);
  for (size_t i = 0; i < label.size(); ++i) made.pixels[i] = label[i] == static_cast<int32_t>(part) ? 1 : 0;
  return made;
}

Components components_of(const BytePlane& mask) {
  const ops::ConnectedComponents labelled =
      ops::connected_components(mask.tensor(), ops::Neighbours::corners);
  Components found;
  for (const auto& [size, box] : labelled.parts)
    found.parts.push_back({size, {box.low[1], box.low[0], box.high[1] + 1, box.high[0] + 1}});
  const auto* label = labelled.labels.const_data_ptr<int32_t>();
  found.label.reserve(mask.pixels.size());
  for (size_t i = 0; i < mask.pixels.size(); ++i) found.label.push_back(label[i] - 1);
  return found;
}

BytePlane largest_component(const BytePlane& mask) {
  const Components found = components_of(mask);
  if (found.parts.empty()) return BytePlane(mask.height, mask.width);
  const auto most = std::ranges::max_element(found.parts, {}, &Component::pixels);
  return found.mask(mask, static_cast<size_t>(most - found.parts.begin()));
}

void fill_holes(BytePlane& mask) {
  at::Tensor filled = mask.tensor().ne(0);
  ops::fill_holes(filled);
  mask = BytePlane::of(filled);
}

BytePlane erode(const BytePlane& mask, int64_t radius) {
  return spread(mask, radius, false);
}

BytePlane dilate(const BytePlane& mask, int64_t radius) {
  return spread(mask, radius, true);
}

BytePlane local_max(const BytePlane& plane, int64_t rx, int64_t ry) {
  return extreme(plane, rx, ry, [](uint8_t a, uint8_t b) { return std::max(a, b); });
}

BytePlane local_min(const BytePlane& plane, int64_t rx, int64_t ry) {
  return extreme(plane, rx, ry, [](uint8_t a, uint8_t b) { return std::min(a, b); });
}

BytePlane majority(const BytePlane& mask, int64_t radius) {
  const int64_t h = mask.height, w = mask.width;
  // sums[y][x]: inside pixels above and to the left.
  std::vector<int32_t> sums(static_cast<size_t>((h + 1) * (w + 1)), 0);
  const auto sum = [&](int64_t y, int64_t x) -> int32_t& {
    return sums[static_cast<size_t>(y * (w + 1) + x)];
  };
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x)
      sum(y + 1, x + 1) = sum(y, x + 1) + sum(y + 1, x) - sum(y, x) + (mask.at(y, x) != 0 ? 1 : 0);
  BytePlane out(h, w);
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x) {
      const int64_t y0 = std::max<int64_t>(0, y - radius), y1 = std::min(h, y + radius + 1);
      const int64_t x0 = std::max<int64_t>(0, x - radius), x1 = std::min(w, x + radius + 1);
      const int32_t inside = sum(y1, x1) - sum(y0, x1) - sum(y1, x0) + sum(y0, x0);
      out.at(y, x) = 2 * inside > (y1 - y0) * (x1 - x0) ? 1 : 0;
    }
  return out;
}

BytePlane convex_hull(const BytePlane& mask) {
  BytePlane filled(mask.height, mask.width);
  // The ends of each row, from top to bottom; then the chains at the left and at the right.
  std::vector<Point> left, right;
  for (int64_t y = 0; y < mask.height; ++y) {
    int64_t first = -1, last = -1;
    for (int64_t x = 0; x < mask.width; ++x)
      if (mask.at(y, x) != 0) {
        if (first < 0) first = x;
        last = x;
      }
    if (first < 0) continue;
    for (auto* chain : {&left, &right}) {
      const Point point{chain == &left ? first : last, y};
      const int64_t sign = chain == &left ? 1 : -1;
      while (chain->size() > 1 && sign * turn((*chain)[chain->size() - 2], chain->back(), point) >= 0)
        chain->pop_back();
      chain->push_back(point);
    }
  }
  if (left.empty()) return filled;
  const auto at_row = [](const std::vector<Point>& chain, size_t& k, int64_t y) {
    while (k + 2 < chain.size() && chain[k + 1].y <= y) ++k;
    if (chain.size() == 1) return static_cast<double>(chain[0].x);
    const Point &a = chain[k], &b = chain[k + 1];
    return static_cast<double>(a.x) +
           static_cast<double>((b.x - a.x) * (y - a.y)) / static_cast<double>(b.y - a.y);
  };
  size_t l = 0, r = 0;
  for (int64_t y = left.front().y; y <= left.back().y; ++y) {
    const auto from = static_cast<int64_t>(std::ceil(at_row(left, l, y) - 1e-9));
    const auto to = static_cast<int64_t>(std::floor(at_row(right, r, y) + 1e-9));
    for (int64_t x = from; x <= to; ++x) filled.at(y, x) = 1;
  }
  return filled;
}

size_t triangle_threshold(const std::vector<int64_t>& histogram) {
  const auto peak = static_cast<int64_t>(std::ranges::max_element(histogram) - histogram.begin());
  int64_t first = 0, last = static_cast<int64_t>(histogram.size()) - 1;
  while (first < peak && histogram[static_cast<size_t>(first)] == 0) ++first;
  while (last > peak && histogram[static_cast<size_t>(last)] == 0) --last;
  const int64_t end = last - peak >= peak - first ? last : first;
  const auto top = static_cast<double>(histogram[static_cast<size_t>(peak)]);
  const auto low = static_cast<double>(histogram[static_cast<size_t>(end)]);
  int64_t best = peak;
  double farthest = 0;
  for (int64_t i = std::min(peak, end); i <= std::max(peak, end); ++i) {
    if (end == peak) break;
    const double along = static_cast<double>(i - peak) / static_cast<double>(end - peak);
    const double below = top + along * (low - top) - static_cast<double>(histogram[static_cast<size_t>(i)]);
    if (below > farthest) {
      farthest = below;
      best = i;
    }
  }
  return static_cast<size_t>(best);
}

size_t otsu_threshold(const std::vector<int64_t>& histogram) {
  double all = 0, sum = 0;
  for (size_t i = 0; i < histogram.size(); ++i) {
    all += static_cast<double>(histogram[i]);
    sum += static_cast<double>(histogram[i]) * static_cast<double>(i);
  }
  double below = 0, sum_below = 0, best = -1;
  size_t at = 0;
  for (size_t i = 0; i + 1 < histogram.size(); ++i) {
    below += static_cast<double>(histogram[i]);
    sum_below += static_cast<double>(histogram[i]) * static_cast<double>(i);
    if (below == 0 || below == all) continue;
    const double gap = sum_below / below - (sum - sum_below) / (all - below);
    const double between = below * (all - below) * gap * gap;
    if (between > best) {
      best = between;
      at = i;
    }
  }
  return at;
}

}  // namespace photo51::preprocess

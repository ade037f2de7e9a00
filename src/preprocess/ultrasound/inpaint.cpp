#include "preprocess/ultrasound/inpaint.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace photo51::preprocess {
namespace {

/// Neighbours at edges, inside the picture.
template <class Visit>
void each_neighbour(const BytePlane& hole, int64_t i, Visit visit) {
  const int64_t w = hole.width, x = i % w, y = i / w;
  if (x > 0) visit(i - 1);
  if (x + 1 < w) visit(i + 1);
  if (y > 0) visit(i - w);
  if (y + 1 < hole.height) visit(i + w);
}

}  // namespace

void inpaint(uint8_t* plane, const BytePlane& hole) {
  // Layers from the hole's edge inward: each takes the mean of what is filled beside it.
  const auto total = static_cast<int64_t>(hole.pixels.size());
  std::vector<float> value(hole.pixels.size());
  std::vector<uint8_t> filled(hole.pixels.size());
  std::vector<int64_t> order, layer;
  for (int64_t i = 0; i < total; ++i) {
    filled[static_cast<size_t>(i)] = hole.pixels[static_cast<size_t>(i)] == 0 ? 1 : 0;
    value[static_cast<size_t>(i)] = plane[i];
  }
  for (int64_t i = 0; i < total; ++i) {
    bool edge = false;
    if (filled[static_cast<size_t>(i)] == 0)
      each_neighbour(hole, i, [&](int64_t n) { edge = edge || filled[static_cast<size_t>(n)] != 0; });
    if (edge) layer.push_back(i);
  }
  while (!layer.empty()) {
    std::vector<int64_t> next;
    std::vector<float> means;
    for (const int64_t i : layer) {
      float sum = 0, count = 0;
      each_neighbour(hole, i, [&](int64_t n) {
        if (filled[static_cast<size_t>(n)] != 1) return;
        sum += value[static_cast<size_t>(n)];
        ++count;
      });
      means.push_back(sum / count);
    }
    for (size_t k = 0; k < layer.size(); ++k) {
      value[static_cast<size_t>(layer[k])] = means[k];
      filled[static_cast<size_t>(layer[k])] = 1;
      order.push_back(layer[k]);
    }
    for (const int64_t i : layer)
      each_neighbour(hole, i, [&](int64_t n) {
        if (filled[static_cast<size_t>(n)] != 0) return;
        filled[static_cast<size_t>(n)] = 2;  // queued
        next.push_back(n);
      });
    for (const int64_t i : next) filled[static_cast<size_t>(i)] = 0;
    layer = std::move(next);
  }
  // Successive over-relaxation until no pixel moves by a tenth of a level.
  constexpr float kOver = 1.8F;
  for (int round = 0; round < 400; ++round) {
    float moved = 0;
    for (const int64_t i : order) {
      float sum = 0, count = 0;
      each_neighbour(hole, i, [&](int64_t n) { sum += value[static_cast<size_t>(n)], ++count; });
      const float step = kOver * (sum / count - value[static_cast<size_t>(i)]);
      value[static_cast<size_t>(i)] += step;
      moved = std::max(moved, std::abs(step));
    }
    if (moved < 0.02F) break;
  }
  for (const int64_t i : order)
    plane[i] = static_cast<uint8_t>(std::clamp(std::lround(value[static_cast<size_t>(i)]), 0L, 255L));
}

}  // namespace photo51::preprocess

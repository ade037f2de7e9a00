#include "data/segmenters/region.hpp"

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "radiomics/region/voxels.hpp"

namespace photo51::data {
namespace {

struct Steps {
  std::vector<std::array<int64_t, 3>> of;  ///< z, y, x
};

Steps steps_between(bool by_faces) {
  Steps steps;
  for (int64_t z = -1; z <= 1; ++z)
    for (int64_t y = -1; y <= 1; ++y)
      for (int64_t x = -1; x <= 1; ++x) {
        const int64_t far = std::abs(z) + std::abs(y) + std::abs(x);
        if (far == 1 || (far > 1 && !by_faces)) steps.of.push_back({z, y, x});
      }
  return steps;
}

/// Walks over the voxels that are open, each once.
class Walk {
 public:
  Walk(const at::Tensor& open, Steps steps)
      : open_(open.const_data_ptr<bool>()),
        size_{open.size(0), open.size(1), open.size(2)},
        seen_(static_cast<size_t>(open.numel())),
        steps_(std::move(steps)) {}

  /// What can be reached from a voxel and was not before.
  std::vector<int64_t> from(int64_t start) {
    std::vector<int64_t> found;
    if (!take(start)) return found;
    found.push_back(start);
    for (size_t next = 0; next < found.size(); ++next) {
      const int64_t at = found[next];
      const int64_t x = at % size_[2], y = at / size_[2] % size_[1], z = at / (size_[2] * size_[1]);
      for (const auto& [dz, dy, dx] : steps_.of) {
        const int64_t to_z = z + dz, to_y = y + dy, to_x = x + dx;
        if (to_z < 0 || to_y < 0 || to_x < 0 || to_z >= size_[0] || to_y >= size_[1] || to_x >= size_[2])
          continue;
        const int64_t to = (to_z * size_[1] + to_y) * size_[2] + to_x;
        if (take(to)) found.push_back(to);
      }
    }
    return found;
  }
  bool is_at_edge(int64_t at) const {
    const std::array<int64_t, 3> place{at / (size_[2] * size_[1]), at / size_[2] % size_[1], at % size_[2]};
    for (size_t axis = 0; axis < 3; ++axis)
      if (size_[axis] > 1 && (place[axis] == 0 || place[axis] == size_[axis] - 1)) return true;
    return false;
  }
  bool is_seen(int64_t at) const { return seen_[static_cast<size_t>(at)]; }

 private:
  bool take(int64_t at) {
    if (!open_[at] || seen_[static_cast<size_t>(at)]) return false;
    seen_[static_cast<size_t>(at)] = true;
    return true;
  }

  const bool* open_;
  std::array<int64_t, 3> size_;
  std::vector<bool> seen_;
  Steps steps_;
};

}  // namespace

at::Tensor largest_piece(const at::Tensor& mask) {
  Walk walk(mask, steps_between(false));
  std::vector<int64_t> largest;
  for (int64_t at = 0; at < mask.numel(); ++at) {
    auto piece = walk.from(at);
    if (piece.size() > largest.size()) largest = std::move(piece);
  }
  at::Tensor kept = at::zeros_like(mask);
  bool* values = kept.data_ptr<bool>();
  for (const int64_t at : largest) values[at] = true;
  return kept;
}

at::Tensor without_holes(const at::Tensor& mask) {
  const at::Tensor outside = mask.logical_not();
  Walk walk(outside, steps_between(true));
  for (int64_t at = 0; at < mask.numel(); ++at)
    if (walk.is_at_edge(at)) walk.from(at);
  at::Tensor filled = mask.clone();
  bool* values = filled.data_ptr<bool>();
  for (int64_t at = 0; at < mask.numel(); ++at) values[at] = values[at] || !walk.is_seen(at);
  return filled;
}

void dilate(imaging::Volume& region, double millimetres) {
  const auto& [size, spacing] = std::pair(region.geometry.size, region.geometry.spacing);
  const radiomics::Grid grid{{size[2], size[1], size[0]}, {spacing[2], spacing[1], spacing[0]}};
  region.data = region.data.contiguous();
  auto* values = region.data.data_ptr<uint8_t>();
  const auto count = static_cast<size_t>(grid.count());
  const bool grows = millimetres > 0;
  radiomics::Mask far(count);
  bool any = false;
  for (size_t i = 0; i < count; ++i) {
    far[i] = (values[i] == 0) == grows;
    any = any || far[i] == 0;
  }
  if (!any) return;  // nothing to be near to
  const auto distances = radiomics::distance_to_outside(far, grid, false);
  for (size_t i = 0; i < count; ++i)
    if (far[i] != 0 && distances[i] <= std::abs(millimetres) + 1e-6) values[i] = grows ? 1 : 0;
}

}  // namespace photo51::data

#include "ops/cpu/displacement.hpp"

#include <algorithm>

#include "ops/cpu/resample.hpp"

namespace photo51::ops::cpu {

Displacement::Axis Displacement::axis(int64_t points, int64_t size) {
  Axis made;
  const auto count = static_cast<size_t>(size);
  made.taps = points == 1 ? 1 : 4;
  made.first.assign(count, 0);
  for (auto& weight : made.weight) weight.assign(count, 1.0F);
  if (points == 1) return made;
  const double cells = static_cast<double>(points - 3);
  for (size_t i = 0; i < count; ++i) {
    const double place =
        size == 1 ? cells / 2 : cells * static_cast<double>(i) / static_cast<double>(size - 1);
    made.first[i] = std::min(static_cast<int64_t>(place), points - 4);
    const auto weights = spline_weights(place - static_cast<double>(made.first[i]));
    for (size_t k = 0; k < 4; ++k) made.weight[k][i] = static_cast<float>(weights[k]);
  }
  return made;
}

Displacement::Displacement(const DisplacementGrid* grid, const std::array<int64_t, 3>& size, int64_t room)
    : grid_(grid) {
  for (auto& row : rows_) row.assign(static_cast<size_t>(room), 0.0F);
  if (grid == nullptr) return;
  for (size_t a = 0; a < 3; ++a) axes_[a] = axis(grid->points[a], size[a]);
  line_.resize(static_cast<size_t>(3 * grid->points[0]));
  slice_.resize(line_.size() * static_cast<size_t>(grid->points[1]));
}

void Displacement::reduce_slice(int64_t z) {
  const auto& axis = axes_[2];
  const auto at = static_cast<size_t>(z);
  const int64_t plane = grid_->points[0] * grid_->points[1];
  std::fill(slice_.begin(), slice_.end(), 0.0F);
  for (int64_t direction = 0; direction < 3; ++direction)
    for (int64_t k = 0; k < axis.taps; ++k) {
      const float weight = axis.weight[static_cast<size_t>(k)][at];
      const float* from = grid_->values.data() + (direction * grid_->points[2] + axis.first[at] + k) * plane;
      float* to = slice_.data() + direction * plane;
      for (int64_t i = 0; i < plane; ++i) to[i] += weight * from[i];
    }
  slice_at_ = z;
}

std::array<const float*, 3> Displacement::row(int64_t y, int64_t z) {
  if (grid_ != nullptr) {
    if (slice_at_ != z) reduce_slice(z);
    const auto& along_y = axes_[1];
    const auto& along_x = axes_[0];
    const int64_t columns = grid_->points[0];
    std::fill(line_.begin(), line_.end(), 0.0F);
    for (int64_t direction = 0; direction < 3; ++direction)
      for (int64_t k = 0; k < along_y.taps; ++k) {
        const float weight = along_y.weight[static_cast<size_t>(k)][static_cast<size_t>(y)];
        const float* from =
            slice_.data() +
            (direction * grid_->points[1] + along_y.first[static_cast<size_t>(y)] + k) * columns;
        for (int64_t i = 0; i < columns; ++i)
          line_[static_cast<size_t>(direction * columns + i)] += weight * from[i];
      }
    const auto count = static_cast<int64_t>(along_x.first.size());
    for (size_t direction = 0; direction < 3; ++direction) {
      float* to = rows_[direction].data();
      const float* line = line_.data() + static_cast<int64_t>(direction) * columns;
      if (along_x.taps == 1) {
        std::fill_n(to, count, line[0]);
        continue;
      }
      for (int64_t x = 0; x < count;) {  // runs within one cell
        const int64_t first = along_x.first[static_cast<size_t>(x)];
        int64_t end = x;
        while (end < count && along_x.first[static_cast<size_t>(end)] == first) ++end;
        const float c0 = line[first], c1 = line[first + 1], c2 = line[first + 2], c3 = line[first + 3];
        const float *w0 = along_x.weight[0].data(), *w1 = along_x.weight[1].data(),
                    *w2 = along_x.weight[2].data(), *w3 = along_x.weight[3].data();
        for (; x < end; ++x) to[x] = c0 * w0[x] + c1 * w1[x] + c2 * w2[x] + c3 * w3[x];
      }
    }
  }
  return {rows_[0].data(), rows_[1].data(), rows_[2].data()};
}

}  // namespace photo51::ops::cpu

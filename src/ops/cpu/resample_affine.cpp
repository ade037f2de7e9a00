#include <algorithm>
#include <cmath>

#include "ops/cpu/resample.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::ops::cpu {
namespace {

/// One input axis as the inner loop sees it.
struct Axis {
  double step = 0;  ///< input voxels an output voxel along x
  double low = 0, high = 0;
  double last = 0;
};

}  // namespace

template <class T>
void resample_affine(const T* input, float* output, const Block& block, const AffineMap& map,
                     const ResampleOptions& options) {
  const std::array<int64_t, 3> stride{1, block.in[0], block.in[0] * block.in[1]};
  const int64_t in_volume = stride[2] * block.in[2];
  const int64_t out_volume = block.out[0] * block.out[1] * block.out[2];
  const bool border = options.padding == Padding::border;
  const bool nearest = options.interpolation == Interpolation::nearest;
  std::array<Axis, 3> axes;
  for (size_t a = 0; a < 3; ++a) {
    const double* row = map.matrix.data() + 3 * a;
    const double reach = edge_reach(std::hypot(row[0], row[1], row[2]));
    axes[a].step = row[0];
    axes[a].last = static_cast<double>(block.in[a] - 1);
    axes[a].low = border ? -HUGE_VAL : -reach;
    axes[a].high = border ? HUGE_VAL : axes[a].last + reach;
  }
  const auto rows = [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto y = static_cast<double>(row % block.out[1]);
      const auto z = static_cast<double>(row / block.out[1]);
      std::array<double, 3> start;
      for (size_t a = 0; a < 3; ++a)
        start[a] = map.matrix[3 * a + 1] * y + map.matrix[3 * a + 2] * z + map.offset[a];
      float* out = output + row * block.out[0];
      for (int64_t x = 0; x < block.out[0]; ++x) {
        int64_t base = 0;
        std::array<int64_t, 3> next;  // to the neighbour, 0 at the last voxel
        std::array<float, 3> fraction;
        bool inside = true;
        for (size_t a = 0; a < 3; ++a) {
          const double position = start[a] + axes[a].step * static_cast<double>(x);
          inside = inside && position >= axes[a].low && position <= axes[a].high;
          const double clamped = std::min(std::max(position, 0.0), axes[a].last);
          const auto index = static_cast<int64_t>(nearest ? clamped + 0.5 : clamped);
          fraction[a] = static_cast<float>(clamped - static_cast<double>(index));
          next[a] = index + 1 < block.in[a] ? stride[a] : 0;
          base += index * stride[a];
        }
        float* to = out + x;
        if (!inside) {
          for (int64_t c = 0; c < block.channels; ++c) to[c * out_volume] = options.padding_value;
          continue;
        }
        const T* from = input + base;
        if (nearest) {
          for (int64_t c = 0; c < block.channels; ++c)
            to[c * out_volume] = static_cast<float>(from[c * in_volume]);
          continue;
        }
        const float w11 = fraction[1] * fraction[2];
        const float w10 = fraction[2] - w11;  // next z, this y
        const float w01 = fraction[1] - w11;  // this z, next y
        const float w00 = 1 - fraction[1] - fraction[2] + w11;
        const float fx = fraction[0];
        const auto along = [fx, dx = next[0]](const T* p) {
          const auto here = static_cast<float>(p[0]);
          return here + fx * (static_cast<float>(p[dx]) - here);
        };
        for (int64_t c = 0; c < block.channels; ++c, from += in_volume)
          to[c * out_volume] = w00 * along(from) + w01 * along(from + next[1]) + w10 * along(from + next[2]) +
                               w11 * along(from + next[1] + next[2]);
      }
    }
  };
  const int64_t total = block.out[1] * block.out[2];
  if (options.pool != nullptr) {
    options.pool->parallel_for(total, 64, rows);
  } else {
    rows(0, total);
  }
}

#define PHOTO51_INSTANTIATE(T) \
  template void resample_affine<T>(const T*, float*, const Block&, const AffineMap&, const ResampleOptions&);
PHOTO51_FOR_VOXEL_TYPES(PHOTO51_INSTANTIATE)

}  // namespace photo51::ops::cpu

#include "ops/cpu/scan.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/cpu/resample.hpp"

namespace photo51::ops::cpu {
namespace {

template <class T, class Hit>
std::optional<Box> scan(const T* voxels, int64_t channels, const std::array<int64_t, 3>& size, Hit hit) {
  Box box{size, {-1, -1, -1}};
  for (int64_t row = 0; row < channels * size[1] * size[2]; ++row) {
    const T* from = voxels + row * size[0];
    bool any = false;
    for (int64_t x = 0; x < size[0]; ++x) any |= hit(from[x]);
    if (!any) continue;
    const int64_t y = row % size[1];
    const int64_t z = row / size[1] % size[2];
    for (int64_t x = 0; x < box.low[0]; ++x)
      if (hit(from[x])) box.low[0] = x;
    for (int64_t x = size[0] - 1; x > box.high[0]; --x)
      if (hit(from[x])) box.high[0] = x;
    box.low[1] = std::min(box.low[1], y);
    box.high[1] = std::max(box.high[1], y);
    box.low[2] = std::min(box.low[2], z);
    box.high[2] = std::max(box.high[2], z);
  }
  if (box.high[0] < 0) return std::nullopt;
  return box;
}

template <class Float, class Bits, Bits exponent>
int64_t count(const Float* voxels, int64_t total) {
  int64_t found = 0;
  for (int64_t i = 0; i < total; ++i) found += (std::bit_cast<Bits>(voxels[i]) & exponent) == exponent;
  return found;
}

}  // namespace

template <class T>
std::optional<Box> find_box(const T* voxels, int64_t channels, const std::array<int64_t, 3>& size,
                            std::optional<double> threshold) {
  if (!threshold) return scan(voxels, channels, size, [](T v) { return v != T{0}; });
  if constexpr (std::is_integral_v<T>) {
    const double whole = std::floor(*threshold);  // v > 2.5 is v > 2
    if (whole >= static_cast<double>(std::numeric_limits<T>::max())) return std::nullopt;
    if (whole < static_cast<double>(std::numeric_limits<T>::lowest()))
      return scan(voxels, channels, size, [](T) { return true; });
    return scan(voxels, channels, size, [limit = static_cast<T>(whole)](T v) { return v > limit; });
  } else {
    return scan(voxels, channels, size, [limit = static_cast<T>(*threshold)](T v) { return v > limit; });
  }
}

int64_t count_nonfinite(const float* voxels, int64_t total) {
  return count<float, uint32_t, 0x7f800000U>(voxels, total);
}
int64_t count_nonfinite(const double* voxels, int64_t total) {
  return count<double, uint64_t, 0x7ff0000000000000U>(voxels, total);
}

#define PHOTO51_INSTANTIATE(T)                                                              \
  template std::optional<Box> find_box<T>(const T*, int64_t, const std::array<int64_t, 3>&, \
                                          std::optional<double>);
PHOTO51_FOR_VOXEL_TYPES(PHOTO51_INSTANTIATE)

}  // namespace photo51::ops::cpu

#include <algorithm>
#include <functional>

#include "ops/cpu/resample.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::ops::cpu {
namespace {

/// The cubic B-spline's pole; each axis is filtered forth and back with it (Unser, IEEE SPM 1999).
constexpr float pole = -0.26794919243112270F;
constexpr float gain = 6;
constexpr int64_t lanes = 16;

/// Filters `count` values a step apart, of which every one stands for `width` neighbours side by side. Beyond
/// both ends the first and the last value go on for ever, which gives the exact starting values.
void filter(float* values, int64_t count, int64_t step, int64_t width) {
  for (int64_t i = 0; i < width; ++i) values[i] *= gain / (1 - pole);
  for (int64_t k = 1; k < count; ++k) {
    float* here = values + k * step;
    if (k + 1 < count) {
      for (int64_t i = 0; i < width; ++i) here[i] = gain * here[i] + pole * here[i - step];
      continue;
    }
    for (int64_t i = 0; i < width; ++i) {  // causal, then the sum over all that follows
      const float level = gain * here[i] / (1 - pole);
      const float causal = gain * here[i] + pole * here[i - step];
      here[i] = -pole * (level / (1 - pole) + (causal - level) / (1 - pole * pole));
    }
  }
  for (int64_t k = count - 2; k >= 0; --k) {
    float* here = values + k * step;
    for (int64_t i = 0; i < width; ++i) here[i] = pole * (here[i + step] - here[i]);
  }
}

/// Rows along memory, sixteen at a time: turned, filtered side by side and turned back.
void filter_rows(float* rows, int64_t count, int64_t length) {
  std::vector<float> turned(static_cast<size_t>(length * lanes));
  for (int64_t first = 0; first < count; first += lanes) {
    const int64_t here = std::min(lanes, count - first);
    float* block = rows + first * length;
    for (int64_t r = 0; r < here; ++r)
      for (int64_t x = 0; x < length; ++x) turned[static_cast<size_t>(x * lanes + r)] = block[r * length + x];
    filter(turned.data(), length, lanes, lanes);
    for (int64_t r = 0; r < here; ++r)
      for (int64_t x = 0; x < length; ++x) block[r * length + x] = turned[static_cast<size_t>(x * lanes + r)];
  }
}

void split(core::ThreadPool* pool, int64_t count, const std::function<void(int64_t, int64_t)>& body) {
  if (pool != nullptr) {
    pool->parallel_for(count, 4, body);
  } else {
    body(0, count);
  }
}

}  // namespace

template <class T>
std::vector<float> spline_coefficients(const T* input, const std::array<int64_t, 3>& size,
                                       const Padded& padded, const ResampleOptions& options) {
  std::array<int64_t, 3> wide{};
  for (size_t a = 0; a < 3; ++a) wide[a] = size[a] + padded.low[a] + padded.high[a];
  const auto is_padded = [&](size_t a) { return wide[a] != size[a]; };
  const bool surround = options.padding == Padding::surround;
  const int64_t plane = wide[0] * wide[1];
  std::vector<float> made(static_cast<size_t>(plane * wide[2]));
  split(options.pool, wide[2], [&](int64_t begin, int64_t end) {
    for (int64_t z = begin; z < end; ++z) {
      const int64_t from_z = std::clamp<int64_t>(z - padded.low[2], 0, size[2] - 1);
      float* to_plane = made.data() + z * plane;
      for (int64_t y = 0; y < wide[1]; ++y) {
        const int64_t from_y = std::clamp<int64_t>(y - padded.low[1], 0, size[1] - 1);
        float* to = to_plane + y * wide[0];
        if (surround && (from_z != z - padded.low[2] || from_y != y - padded.low[1])) {
          std::fill_n(to, wide[0], options.padding_value);
          continue;
        }
        const T* from = input + (from_z * size[1] + from_y) * size[0];
        const auto left = surround ? options.padding_value : static_cast<float>(from[0]);
        const auto right = surround ? options.padding_value : static_cast<float>(from[size[0] - 1]);
        std::fill_n(to, padded.low[0], left);
        for (int64_t x = 0; x < size[0]; ++x) to[padded.low[0] + x] = static_cast<float>(from[x]);
        std::fill_n(to + padded.low[0] + size[0], padded.high[0], right);
      }
      if (is_padded(0)) filter_rows(to_plane, wide[1], wide[0]);
      if (is_padded(1)) filter(to_plane, wide[1], wide[0], wide[0]);
    }
  });
  if (is_padded(2))
    split(options.pool, wide[1], [&](int64_t begin, int64_t end) {
      for (int64_t y = begin; y < end; ++y) filter(made.data() + y * wide[0], wide[2], plane, wide[0]);
    });
  return made;
}

#define PHOTO51_INSTANTIATE(T)                                                                               \
  template std::vector<float> spline_coefficients<T>(const T*, const std::array<int64_t, 3>&, const Padded&, \
                                                     const ResampleOptions&);
PHOTO51_FOR_VOXEL_TYPES(PHOTO51_INSTANTIATE)

}  // namespace photo51::ops::cpu

#pragma once
/// What one thread of the CUDA resampling does. Plain C++ too, so that its arithmetic is tested without a
/// GPU.

#include <cmath>
#include <cstdint>

#include "ops/cuda/device_code.hpp"

namespace photo51::ops::cuda {

/// A map over raw memory; arrays of three are x, y, z. As ops::AffineMap and ops::ResampleOptions.
struct Warp {
  int64_t channels = 1;
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1};  ///< `in` with the padding of coefficients
  int64_t padded_low[3] = {0, 0, 0}, padded_high[3] = {0, 0, 0};
  double matrix[9] = {}, offset[3] = {};
  double reach[3] = {0, 0, 0};  ///< how far beyond the first and last centre something is read
  int taps = 2;                 ///< nearest 1, linear 2, cubic 4
  bool border = false, surround = false;
  float padding_value = 0;
  int64_t points[3] = {0, 0, 0};   ///< control points; 0: no displacement
  const float* control = nullptr;  ///< [3][points z][points y][points x]
};

/// Cubic B-spline weights at `f` between the second and the third of four.
PHOTO51_DEVICE inline void spline(float f, float* w) {
  const float r = 1 - f, f2 = f * f, r2 = r * r;
  w[0] = r2 * r / 6;
  w[1] = (4 - 6 * f2 + 3 * f2 * f) / 6;
  w[2] = (4 - 6 * r2 + 3 * r2 * r) / 6;
  w[3] = f2 * f / 6;
}

/// The displacement at an output voxel.
PHOTO51_DEVICE inline void displacement(const Warp& warp, const int64_t* voxel, float* moved) {
  moved[0] = moved[1] = moved[2] = 0;
  if (warp.points[0] == 0) return;
  int64_t first[3];
  int taps[3];
  float weight[3][4];
  for (int a = 0; a < 3; ++a) {
    first[a] = 0;
    taps[a] = 1;
    weight[a][0] = 1;
    if (warp.points[a] == 1) continue;
    const auto cells = static_cast<double>(warp.points[a] - 3);
    const double place = warp.out[a] == 1
                             ? cells / 2
                             : cells * static_cast<double>(voxel[a]) / static_cast<double>(warp.out[a] - 1);
    first[a] = static_cast<int64_t>(place);
    if (first[a] > warp.points[a] - 4) first[a] = warp.points[a] - 4;
    taps[a] = 4;
    spline(static_cast<float>(place - static_cast<double>(first[a])), weight[a]);
  }
  for (int d = 0; d < 3; ++d)
    for (int k = 0; k < taps[2]; ++k)
      for (int j = 0; j < taps[1]; ++j)
        for (int i = 0; i < taps[0]; ++i) {
          const int64_t row = (d * warp.points[2] + first[2] + k) * warp.points[1] + first[1] + j;
          moved[d] +=
              weight[2][k] * weight[1][j] * weight[0][i] * warp.control[row * warp.points[0] + first[0] + i];
        }
}

/// Where a voxel reads along one axis: the first element and its weights; false: outside.
PHOTO51_DEVICE inline bool locate(const Warp& warp, int a, double place, int64_t& first, int& taps,
                                  float* weight) {
  const int64_t last = warp.in[a] - warp.padded_low[a] - warp.padded_high[a] - 1;
  if (!warp.border && !(place >= -warp.reach[a] && place <= static_cast<double>(last) + warp.reach[a]))
    return false;
  if (!warp.surround)
    place = place < 0 ? 0 : place > static_cast<double>(last) ? static_cast<double>(last) : place;
  if (warp.taps == 1) {
    first = static_cast<int64_t>(floor(place + 0.5));
    first = first < 0 ? 0 : first > last ? last : first;
    taps = 1;
    weight[0] = 1;
    return true;
  }
  auto cell = static_cast<int64_t>(floor(place));
  const auto f = static_cast<float>(place - static_cast<double>(cell));
  if (warp.taps == 4) {
    taps = warp.padded_low[a] > 0 ? 4 : 1;
    first = taps == 4 ? cell - 1 + warp.padded_low[a] : 0;
    weight[0] = 1;
    if (taps == 4) spline(f, weight);
    return true;
  }
  first = cell < 0 ? 0 : cell;
  taps = 0;  // neighbours beyond the image are padding: they have no weight here
  if (cell >= 0) weight[taps++] = 1 - f;
  if (cell < last) weight[taps++] = f;
  return true;
}

/// One output voxel of all channels.
template <class T>
PHOTO51_DEVICE void warp_voxel(const Warp& warp, const T* input, float* output, int64_t x, int64_t y,
                               int64_t z) {
  const int64_t voxel[3] = {x, y, z};
  const int64_t out_volume = warp.out[0] * warp.out[1] * warp.out[2];
  const int64_t in_volume = warp.in[0] * warp.in[1] * warp.in[2];
  float* to = output + (z * warp.out[1] + y) * warp.out[0] + x;
  float moved[3];
  displacement(warp, voxel, moved);
  int64_t first[3];
  int taps[3];
  float weight[3][4];
  bool inside = true;
  for (int a = 0; a < 3; ++a) {
    const double* m = warp.matrix + 3 * a;
    const double place = m[0] * static_cast<double>(x) + m[1] * static_cast<double>(y) +
                         m[2] * static_cast<double>(z) + warp.offset[a] + static_cast<double>(moved[a]);
    inside = locate(warp, a, place, first[a], taps[a], weight[a]) && inside;
  }
  for (int64_t c = 0; c < warp.channels; ++c) {
    float value = 0, total = 0;
    for (int k = 0; inside && k < taps[2]; ++k)
      for (int j = 0; j < taps[1]; ++j) {
        const T* row =
            input + c * in_volume + ((first[2] + k) * warp.in[1] + first[1] + j) * warp.in[0] + first[0];
        float along = 0, sum = 0;
        for (int i = 0; i < taps[0]; ++i) {
          along += weight[0][i] * static_cast<float>(row[i]);
          sum += weight[0][i];
        }
        value += weight[2][k] * weight[1][j] * along;
        total += weight[2][k] * weight[1][j] * sum;
      }
    if (!inside) value = warp.padding_value;
    if (inside && warp.surround && warp.taps == 2) value += (1 - total) * warp.padding_value;
    to[c * out_volume] = value;
  }
}

/// One line of `count` values a step apart becomes B-spline coefficients, in place; beyond both ends the
/// first and the last value go on for ever.
PHOTO51_DEVICE inline void filter_line(float* values, int64_t count, int64_t step) {
  const float pole = -0.26794919243112270F, gain = 6;
  float level = gain * values[0] / (1 - pole);
  values[0] = level;
  for (int64_t k = 1; k < count; ++k) {
    float* here = values + k * step;
    level = gain * here[0] / (1 - pole);
    here[0] = gain * here[0] + pole * here[-step];
  }
  float* end = values + (count - 1) * step;
  end[0] = -pole * (level / (1 - pole) + (end[0] - level) / (1 - pole * pole));
  for (int64_t k = count - 2; k >= 0; --k) {
    float* here = values + k * step;
    here[0] = pole * (here[step] - here[0]);
  }
}

}  // namespace photo51::ops::cuda

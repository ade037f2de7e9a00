#include <algorithm>
#include <cmath>

#include "ops/cpu/resample.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::ops::cpu {
namespace {

/// The two voxels around `position`, or one where it falls on a centre.
void linear_taps(AxisTaps& taps, size_t output, double position, int64_t inputs) {
  auto first = static_cast<int64_t>(position);
  double fraction = position - static_cast<double>(first);
  if (fraction > 1 - 1e-6) {
    ++first;
    fraction = 0;
  }
  const bool one = fraction < 1e-6 || first + 1 >= inputs;
  taps.first[output] = static_cast<int32_t>(first);
  taps.count[output] = one ? 1 : 2;
  float* weights = taps.weights.data() + output * static_cast<size_t>(taps.most);
  weights[0] = one ? 1.0F : static_cast<float>(1 - fraction);
  if (!one) weights[1] = static_cast<float>(fraction);
}

void triangle_taps(AxisTaps& taps, size_t output, double position, int64_t inputs, double width) {
  const auto low = std::max<int64_t>(0, static_cast<int64_t>(std::ceil(position - width)));
  const auto high = std::min<int64_t>(inputs - 1, static_cast<int64_t>(std::floor(position + width)));
  float* weights = taps.weights.data() + output * static_cast<size_t>(taps.most);
  double total = 0;
  for (int64_t i = low; i <= high; ++i) total += 1 - std::abs(static_cast<double>(i) - position) / width;
  for (int64_t i = low; i <= high; ++i)
    weights[i - low] = static_cast<float>((1 - std::abs(static_cast<double>(i) - position) / width) / total);
  taps.first[output] = static_cast<int32_t>(low);
  taps.count[output] = static_cast<int32_t>(high - low + 1);
}

/// Around voxel c lie coefficients c to c + 3, counted with the edge's padding.
void cubic_taps(AxisTaps& taps, size_t output, double position) {
  const auto cell = static_cast<int64_t>(position);
  taps.first[output] = static_cast<int32_t>(cell - 1 + edge_padding_low);
  taps.count[output] = 4;
  const auto weights = spline_weights(position - static_cast<double>(cell));
  for (size_t k = 0; k < 4; ++k) taps.weights[4 * output + k] = static_cast<float>(weights[k]);
}

bool is_whole(double value) {
  return std::abs(value - std::nearbyint(value)) < 1e-6;
}

template <class T>
void add_row(float* sum, const T* row, float weight, int64_t count, bool fresh) {
  if (fresh) {
    for (int64_t i = 0; i < count; ++i) sum[i] = weight * static_cast<float>(row[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) sum[i] += weight * static_cast<float>(row[i]);
  }
}

/// One output row from one input row; `low` is the input index of row[0].
void resample_row(float* out, const float* row, int64_t low, const AxisTaps& taps) {
  for (int64_t x = taps.begin; x < taps.end; ++x) {
    const auto at = static_cast<size_t>(x);
    const float* from = row + (taps.first[at] - low);
    const float* weights = taps.weights.data() + at * static_cast<size_t>(taps.most);
    float value = weights[0] * from[0];
    for (int32_t i = 1; i < taps.count[at]; ++i) value += weights[i] * from[i];
    out[x] = value;
  }
}

}  // namespace

double edge_reach(double step) {
  return 0.5 * std::max(1.0, std::abs(step)) + 1e-4;
}

AxisTaps make_taps(int64_t inputs, int64_t outputs, double scale, double offset,
                   const ResampleOptions& options) {
  AxisTaps taps;
  const auto count = static_cast<size_t>(outputs);
  const double width = std::abs(scale);
  const bool nearest = options.interpolation == Interpolation::nearest;
  const bool average = !nearest && options.antialias && width > 1 + 1e-6;
  taps.spline = options.interpolation == Interpolation::cubic && !average && inputs > 1 &&
                !(is_whole(scale) && is_whole(offset));
  taps.most = average ? 2 * static_cast<int32_t>(std::ceil(width)) + 1 : taps.spline ? 4 : nearest ? 1 : 2;
  taps.first.assign(count, 0);
  taps.count.assign(count, 1);
  taps.weights.assign(count * static_cast<size_t>(taps.most), 0.0F);
  const double last = static_cast<double>(inputs - 1);
  const double reach = edge_reach(scale);
  bool open = false;
  for (size_t i = 0; i < count; ++i) {
    double position = scale * static_cast<double>(i) + offset;
    if (options.padding == Padding::value && (position < -reach || position > last + reach)) continue;
    if (!open) taps.begin = static_cast<int64_t>(i);
    open = true;
    taps.end = static_cast<int64_t>(i) + 1;
    position = std::clamp(position, 0.0, last);
    if (average) {
      triangle_taps(taps, i, position, inputs, width);
    } else if (taps.spline) {
      cubic_taps(taps, i, position);
    } else if (!nearest) {
      linear_taps(taps, i, position, inputs);
    } else {
      taps.first[i] = static_cast<int32_t>(position + 0.5);
      taps.weights[i] = 1.0F;
    }
  }
  return taps;
}

template <class T>
void resample_separable(const T* input, float* output, const Block& block,
                        const std::array<AxisTaps, 3>& taps, const ResampleOptions& options) {
  const AxisTaps &tx = taps[0], &ty = taps[1], &tz = taps[2];
  // Only the part of the input rows that some output reads.
  int64_t low = block.in[0];
  int64_t high = 0;
  for (int64_t x = tx.begin; x < tx.end; ++x) {
    const auto at = static_cast<size_t>(x);
    low = std::min<int64_t>(low, tx.first[at]);
    high = std::max<int64_t>(high, tx.first[at] + tx.count[at]);
  }
  const int64_t width = std::max<int64_t>(0, high - low);
  const int64_t in_plane = block.in[0] * block.in[1];
  const auto rows = [&](int64_t begin, int64_t end) {
    std::vector<float> sum(static_cast<size_t>(width));
    for (int64_t row = begin; row < end; ++row) {
      const int64_t y = row % block.out[1];
      const int64_t z = row / block.out[1] % block.out[2];
      const int64_t channel = row / (block.out[1] * block.out[2]);
      float* out = output + row * block.out[0];
      const bool inside = y >= ty.begin && y < ty.end && z >= tz.begin && z < tz.end && width > 0;
      if (!inside) {
        std::fill_n(out, block.out[0], options.padding_value);
        continue;
      }
      const auto at_y = static_cast<size_t>(y);
      const auto at_z = static_cast<size_t>(z);
      const T* volume = input + channel * in_plane * block.in[2] + low;
      for (int32_t i = 0; i < tz.count[at_z]; ++i) {
        for (int32_t j = 0; j < ty.count[at_y]; ++j) {
          const float weight = tz.weights[at_z * static_cast<size_t>(tz.most) + static_cast<size_t>(i)] *
                               ty.weights[at_y * static_cast<size_t>(ty.most) + static_cast<size_t>(j)];
          const T* from = volume + (tz.first[at_z] + i) * in_plane + (ty.first[at_y] + j) * block.in[0];
          add_row(sum.data(), from, weight, width, i == 0 && j == 0);
        }
      }
      std::fill_n(out, tx.begin, options.padding_value);
      resample_row(out, sum.data(), low, tx);
      std::fill(out + tx.end, out + block.out[0], options.padding_value);
    }
  };
  const int64_t total = block.channels * block.out[1] * block.out[2];
  if (options.pool != nullptr) {
    options.pool->parallel_for(total, 256, rows);
  } else {
    rows(0, total);
  }
}

#define PHOTO51_INSTANTIATE(T)                                                                        \
  template void resample_separable<T>(const T*, float*, const Block&, const std::array<AxisTaps, 3>&, \
                                      const ResampleOptions&);
PHOTO51_FOR_VOXEL_TYPES(PHOTO51_INSTANTIATE)

}  // namespace photo51::ops::cpu

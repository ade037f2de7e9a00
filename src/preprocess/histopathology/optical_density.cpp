#include "preprocess/histopathology/optical_density.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "photo51/core/error.hpp"

namespace photo51::preprocess {
namespace {

/// 2^x by the nearest whole power and a polynomial on ±1/2 (minimax, degree 6).
inline float exp_of(float x) {
  x = std::min(std::max(x, -87.0F), 88.0F);
  constexpr float kLog2E = 1.44269504F;
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to whole numbers
  const float shifted = x * kLog2E + kRound;
  const float whole = shifted - kRound;
  // ln 2 in two parts (Cody and Waite), the first exact in products: a large x loses no digits.
  const float rest = (x - whole * 0.693359375F + whole * 2.12194440e-4F) * kLog2E;
  float p = 1.5353362e-4F;
  p = p * rest + 1.3398874e-3F;
  p = p * rest + 9.6184373e-3F;
  p = p * rest + 5.5503324e-2F;
  p = p * rest + 2.4022648e-1F;
  p = p * rest + 6.9314720e-1F;
  p = p * rest + 1.0F;
  const int32_t power = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound);
  return p * std::bit_cast<float>((power + 127) << 23);
}

constexpr int64_t kBlock = 512;

/// Densities of up to kBlock intensities.
struct FromBytes {
  explicit FromBytes(const DensityScale& s) {
    for (size_t i = 0; i < 256; ++i)
      table[i] = static_cast<float>(std::log(s.light / std::max(static_cast<double>(i) + s.add, s.floor)));
  }
  void operator()(const uint8_t* from, int64_t count, float* to) const {
    for (int64_t i = 0; i < count; ++i) to[i] = table[from[i]];
  }
  std::array<float, 256> table{};
};
struct FromFloats {
  explicit FromFloats(const DensityScale& s) : scale(s) {}
  void operator()(const float* from, int64_t count, float* to) const {
    const auto light = static_cast<float>(scale.light), add = static_cast<float>(scale.add),
               floor = static_cast<float>(scale.floor);
    for (int64_t i = 0; i < count; ++i) to[i] = std::log(light / std::max(from[i] * 255 + add, floor));
  }
  DensityScale scale;
};

inline void put(float value, uint8_t& to) {
  to = static_cast<uint8_t>(std::min(value + 0.5F, 255.0F));
}
inline void put(float value, float& to) {
  to = std::min(value / 255, 1.0F);
}

template <class T, class Density>
void map_block(const T* from, T* to, int64_t plane, int64_t count, const Density& density, const Matrix3& map,
               const std::array<double, 3>& offset, float light) {
  float in[3][kBlock];
  for (int64_t c = 0; c < 3; ++c) density(from + c * plane, count, in[c]);
  for (size_t c = 0; c < 3; ++c) {
    const auto a = static_cast<float>(map[3 * c]), b = static_cast<float>(map[3 * c + 1]),
               d = static_cast<float>(map[3 * c + 2]), o = static_cast<float>(offset[c]);
    float out[kBlock];
    for (int64_t i = 0; i < count; ++i)
      out[i] = light * exp_of(-(a * in[0][i] + b * in[1][i] + d * in[2][i] + o));
    T* row = to + static_cast<int64_t>(c) * plane;
    for (int64_t i = 0; i < count; ++i) put(out[i], row[i]);
  }
}

template <class T, class Density>
at::Tensor map_all(const at::Tensor& planes, const DensityScale& scale, const Matrix3& map,
                   const std::array<double, 3>& offset) {
  const Density density(scale);
  at::Tensor result = at::empty_like(planes);
  const int64_t plane = planes.size(2);
  const T* from = planes.const_data_ptr<T>();
  T* to = result.mutable_data_ptr<T>();
  for (int64_t n = 0; n < planes.size(0); ++n)
    for (int64_t i = 0; i < plane; i += kBlock)
      map_block<T>(from + 3 * n * plane + i, to + 3 * n * plane + i, plane, std::min(kBlock, plane - i),
                   density, map, offset, static_cast<float>(scale.light));
  return result;
}

}  // namespace

float fast_exp(float x) {
  return exp_of(x);
}

at::Tensor as_planes(const at::Tensor& pictures) {
  const bool good =
      (pictures.dim() == 3 && pictures.size(0) == 3) || (pictures.dim() == 4 && pictures.size(1) == 3);
  if (!good || (pictures.scalar_type() != at::kByte && pictures.scalar_type() != at::kFloat))
    core::fail_usage("stains are those of uint8 or float32 pictures [3, H, W] or [N, 3, H, W]");
  return pictures.contiguous().view({-1, 3, pictures.size(-1) * pictures.size(-2)});
}

at::Tensor densities(const at::Tensor& planes, const DensityScale& scale) {
  at::Tensor result = at::empty(planes.sizes(), at::kFloat);
  float* to = result.mutable_data_ptr<float>();
  if (planes.scalar_type() == at::kByte)
    FromBytes{scale}(planes.const_data_ptr<uint8_t>(), planes.numel(), to);
  else
    FromFloats{scale}(planes.const_data_ptr<float>(), planes.numel(), to);
  return result;
}

at::Tensor map_densities(const at::Tensor& pictures, const DensityScale& scale, const Matrix3& map,
                         const std::array<double, 3>& offset) {
  const at::Tensor planes = as_planes(pictures);
  const at::Tensor result = planes.scalar_type() == at::kByte
                                ? map_all<uint8_t, FromBytes>(planes, scale, map, offset)
                                : map_all<float, FromFloats>(planes, scale, map, offset);
  return result.view(pictures.sizes());
}

}  // namespace photo51::preprocess

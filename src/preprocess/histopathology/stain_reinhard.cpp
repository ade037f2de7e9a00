#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "photo51/core/error.hpp"
#include "preprocess/histopathology/optical_density.hpp"
#include "preprocess/histopathology/stain_methods.hpp"

namespace photo51::preprocess {
namespace {

// sRGB (IEC 61966-2-1) and CIELAB with the D65 white, in the digits that image programs share.
constexpr std::array<float, 9> kToXyz{0.412453F, 0.357580F, 0.180423F, 0.212671F, 0.715160F,
                                      0.072169F, 0.019334F, 0.119193F, 0.950227F};
constexpr std::array<float, 9> kFromXyz{3.24048134F, -1.53715152F, -0.49853633F, -0.96925495F, 1.87599000F,
                                        0.04155593F, 0.05564664F,  -0.20404134F, 1.05731107F};
constexpr std::array<float, 3> kWhite{0.95047F, 1.0F, 1.08883F};

double linear_of(double v) {
  return v > 0.04045 ? std::pow((v + 0.055) / 1.055, 2.4) : v / 12.92;
}
double srgb_of(double v) {
  return v > 0.0031308 ? 1.055 * std::pow(v, 1 / 2.4) - 0.055 : 12.92 * v;
}
double root_of(double v) {
  return v > 0.008856 ? std::cbrt(v) : 7.787 * v + 16.0 / 116;
}

/// A function on 0..top by linear interpolation.
class Curve {
 public:
  Curve(double (*function)(double), double top) : scale_(static_cast<float>(kSteps / top)) {
    for (size_t i = 0; i < values_.size(); ++i)
      values_[i] = static_cast<float>(function(top * static_cast<double>(i) / kSteps));
  }
  float operator()(float x) const {
    const float at = std::min(std::max(x * scale_, 0.0F), static_cast<float>(kSteps));
    const auto cell = static_cast<size_t>(at);
    return values_[cell] + (at - static_cast<float>(cell)) * (values_[cell + 1] - values_[cell]);
  }

 private:
  static constexpr int kSteps = 16384;
  float scale_;
  std::array<float, kSteps + 2> values_{};
};

const Curve& linear_curve() {
  static const Curve curve(linear_of, 1);
  return curve;
}
const Curve& root_curve() {
  static const Curve curve(root_of, 1.1);
  return curve;
}
const Curve& srgb_curve() {
  static const Curve curve(srgb_of, 1);
  return curve;
}

using Color = std::array<float, 3>;

Color to_lab(const Color& linear) {
  const Curve& root = root_curve();
  Color f;
  for (size_t c = 0; c < 3; ++c)
    f[c] = root((kToXyz[3 * c] * linear[0] + kToXyz[3 * c + 1] * linear[1] + kToXyz[3 * c + 2] * linear[2]) /
                kWhite[c]);
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

Color to_linear(const Color& lab) {
  const float y = (lab[0] + 16) / 116;
  Color xyz{y + lab[1] / 500, y, y - lab[2] / 200};
  for (size_t c = 0; c < 3; ++c) {
    const float v = xyz[c];
    xyz[c] = kWhite[c] * (v > 0.2068966F ? v * v * v : (v - 16.0F / 116) / 7.787F);
  }
  Color rgb;
  for (size_t c = 0; c < 3; ++c)
    rgb[c] = kFromXyz[3 * c] * xyz[0] + kFromXyz[3 * c + 1] * xyz[1] + kFromXyz[3 * c + 2] * xyz[2];
  return rgb;
}

struct Bytes {
  Bytes() {
    for (size_t i = 0; i < 256; ++i) table[i] = static_cast<float>(linear_of(static_cast<double>(i) / 255));
  }
  float operator()(uint8_t v) const { return table[v]; }
  std::array<float, 256> table{};
};
struct Floats {
  float operator()(float v) const { return linear_curve()(v); }
};

void put(float value, uint8_t& to) {
  to = static_cast<uint8_t>(value * 255 + 0.5F);
}
void put(float value, float& to) {
  to = value;
}

template <class T, class Linear, class Visit>
void visit_lab(const at::Tensor& planes, const Linear& linear, const Visit& visit) {
  const int64_t plane = planes.size(2);
  const T* from = planes.const_data_ptr<T>();
  for (int64_t n = 0; n < planes.size(0); ++n, from += 3 * plane)
    for (int64_t i = 0; i < plane; ++i)
      visit(3 * n * plane + i,
            to_lab({linear(from[i]), linear(from[plane + i]), linear(from[2 * plane + i])}));
}

template <class T, class Linear>
StainProfile measure(const at::Tensor& planes) {
  std::array<double, 3> sum{}, squares{};
  visit_lab<T>(planes, Linear{}, [&](int64_t, const Color& lab) {
    for (size_t c = 0; c < 3; ++c) {
      sum[c] += static_cast<double>(lab[c]);
      squares[c] += static_cast<double>(lab[c]) * static_cast<double>(lab[c]);
    }
  });
  const int64_t pixels = planes.numel() / 3;
  const auto count = static_cast<double>(pixels);
  StainProfile profile;
  for (size_t c = 0; c < 3; ++c) {
    profile.mean[c] = sum[c] / count;
    profile.deviation[c] = std::sqrt(std::max(0.0, (squares[c] - sum[c] * sum[c] / count) / (count - 1)));
  }
  return profile;
}

template <class T, class Linear>
at::Tensor shift(const at::Tensor& planes, const StainProfile& from, const StainProfile& to) {
  Color gain, offset;
  for (size_t c = 0; c < 3; ++c) {
    // A channel without spread has nothing to scale.
    gain[c] = from.deviation[c] > 1e-6 ? static_cast<float>(to.deviation[c] / from.deviation[c]) : 1;
    offset[c] = static_cast<float>(to.mean[c] - static_cast<double>(gain[c]) * from.mean[c]);
  }
  at::Tensor result = at::empty_like(planes);
  T* out = result.mutable_data_ptr<T>();
  const int64_t plane = planes.size(2);
  const Curve& srgb = srgb_curve();
  visit_lab<T>(planes, Linear{}, [&](int64_t at, const Color& lab) {
    const Color rgb =
        to_linear({gain[0] * lab[0] + offset[0], gain[1] * lab[1] + offset[1], gain[2] * lab[2] + offset[2]});
    for (size_t c = 0; c < 3; ++c) put(srgb(rgb[c]), out[at + static_cast<int64_t>(c) * plane]);
  });
  return result;
}

}  // namespace

StainProfile reinhard_reference() {
  return {{}, {}, {62.0667, 17.5245, -9.3152}, {30.1967, 15.4442, 10.5699}};
}

StainProfile measure_reinhard(const at::Tensor& pictures) {
  const at::Tensor planes = as_planes(pictures);
  if (planes.numel() < 3 * 16) core::fail_data("a picture of fewer than 16 pixels has no colors to measure");
  return planes.scalar_type() == at::kByte ? measure<uint8_t, Bytes>(planes) : measure<float, Floats>(planes);
}

at::Tensor normalize_reinhard(const at::Tensor& pictures, const StainProfile& from, const StainProfile& to) {
  const at::Tensor planes = as_planes(pictures);
  const at::Tensor result = planes.scalar_type() == at::kByte ? shift<uint8_t, Bytes>(planes, from, to)
                                                              : shift<float, Floats>(planes, from, to);
  return result.view(pictures.sizes());
}

}  // namespace photo51::preprocess

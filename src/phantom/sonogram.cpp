#include "phantom/sonogram.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace photo51::phantom {
namespace {

constexpr int64_t kFrames = 8, kSide = 128, kFirst = 8, kLast = 119;
constexpr double kSweep = 0.7;         // mm from frame to frame
constexpr double kDecorrelate = 0.35;  // radians that speckle turns from frame to frame

/// What sends sound back, as an amplitude, at a place (mm: across, deep, along the sweep).
class Echoes {
 public:
  Echoes(const Patient& patient, int64_t seed) {
    const auto rank = [&](Trait trait) { return normal_rank(patient.traits[trait]); };
    core::Random random = stream(seed, patient.index, "sonogram");
    centre_ = {random.uniform(-4, 4), random.uniform(13, 16)};
    const double ratio = 0.6 + 0.8 * rank(verticality);  // height to width, at unchanged area
    const double radius = random.uniform(5, 6.5);
    radii_ = {radius / std::sqrt(ratio), radius * std::sqrt(ratio)};
    level_ = 0.55 * std::pow(0.1, rank(hypoechogenicity));
    shadow_ = 0.9 * rank(shadow);
    fat_ = random.uniform(5, 7);
    wavy_ = Waves(6, 10, 30, random);
  }
  double operator()(double across, double deep, double along) const {
    const double sway = 0.6 * wavy_({across, 0, along});
    double echo = deep < 1.5 ? 1.0 : deep + sway < fat_ ? 0.3 : deep + sway < 28 ? 0.65 : 0.45;
    const double x = (across - centre_[0]) / radii_[0], y = (deep - centre_[1]) / radii_[1];
    const double size = 1 - along * along / (7 * 7);  // of the cross-section's square
    const double edge = 1 + 0.08 * wavy_({6 * x, 6 * y, 50});
    if (x * x + y * y < size * edge * edge) return level_;
    // Beneath the lesion less sound arrives.
    if (deep > centre_[1] && x * x < size) echo *= 1 - shadow_ * std::sqrt(1 - x * x / size);
    return echo;
  }

 private:
  std::array<double, 2> centre_{}, radii_{};
  double level_ = 0, shadow_ = 0, fat_ = 0;
  Waves wavy_;
};

/// A field of complex normal numbers, smooth over about two pixels across and one deep.
class Speckle {
 public:
  explicit Speckle(core::Random& random) : values_(static_cast<size_t>(2 * kSide * kSide)) {
    std::vector<double> rough(values_.size());
    for (double& x : rough) x = random.normal();
    static constexpr std::array<double, 5> kWeights{0.25, 0.55, 0.70, 0.55, 0.25};
    const double norm = std::sqrt(2 * (0.0625 + 0.3025) + 0.49);
    for (int64_t part = 0; part < 2; ++part)
      for (int64_t y = 0; y < kSide; ++y)
        for (int64_t x = 0; x < kSide; ++x) {
          double sum = 0;
          for (int64_t k = -2; k <= 2; ++k)
            sum += kWeights[static_cast<size_t>(k + 2)] *
                   rough[static_cast<size_t>((part * kSide + y) * kSide + (x + k + kSide) % kSide)];
          values_[static_cast<size_t>((part * kSide + y) * kSide + x)] = sum / norm;
        }
  }
  double real(int64_t pixel) const { return values_[static_cast<size_t>(pixel)]; }
  double imaginary(int64_t pixel) const { return values_[static_cast<size_t>(kSide * kSide + pixel)]; }

 private:
  std::vector<double> values_;
};

/// A tick every 5 mm right of the region.
bool is_tick(int64_t x, int64_t y, double spacing) {
  if (x < 122 || x > 125 || y < kFirst || y > kLast) return false;
  const double deep = spacing * static_cast<double>(y - kFirst);
  return std::fmod(deep, 5.0) < spacing;
}

}  // namespace

const std::array<UltrasoundSite, 3>& ultrasound_sites() {
  using imaging::FrameCompression;
  static const std::array<UltrasoundSite, 3> table{{
      {"Ash US", 0.30, 50, 0.20, false, FrameCompression::none},
      {"Birch US", 0.33, 60, 0.30, true, FrameCompression::jpeg},
      {"Cedar US", 0.28, 55, 0.25, true, FrameCompression::run_length},
  }};
  return table;
}

Sonogram take_sonogram(const Patient& patient, int64_t seed) {
  const UltrasoundSite& site = ultrasound_sites()[patient.site];
  const Echoes echoes(patient, seed);
  core::Random random = stream(seed, patient.index, "speckle");
  const double gain = 2.0 * random.normal();  // dB
  const Speckle first(random), second(random);

  const int64_t samples = site.color ? 3 : 1;
  at::Tensor frames = at::empty({kFrames, samples, kSide, kSide}, at::kByte);
  auto* to = frames.data_ptr<uint8_t>();
  for (int64_t t = 0; t < kFrames; ++t) {
    uint8_t* const frame = to;
    const double along = kSweep * (static_cast<double>(t) - (kFrames - 1) / 2.0);
    const double turn = kDecorrelate * static_cast<double>(t), c = std::cos(turn), s = std::sin(turn);
    for (int64_t y = 0; y < kSide; ++y)
      for (int64_t x = 0; x < kSide; ++x) {
        double value = 0;
        if (x >= kFirst && x <= kLast && y >= kFirst && y <= kLast) {
          const double across = site.spacing * (static_cast<double>(x) - (kFirst + kLast) / 2.0);
          const double deep = site.spacing * static_cast<double>(y - kFirst);
          const int64_t pixel = y * kSide + x;
          const double amplitude = echoes(across, deep, along) *
                                   std::hypot(c * first.real(pixel) + s * second.real(pixel),
                                              c * first.imaginary(pixel) + s * second.imaginary(pixel));
          const double level = 20 * std::log10(std::max(amplitude, 1e-6)) + gain - site.attenuation * deep;
          value = 255 * (0.75 + level / site.dynamic_range);
        } else if (is_tick(x, y, site.spacing)) {
          value = 200;
        }
        *to++ = static_cast<uint8_t>(std::clamp(std::round(value), 0.0, 255.0));
      }
    for (int64_t k = 1; k < samples; ++k) to = std::copy(frame, frame + kSide * kSide, to);
  }
  return {std::move(frames),
          {.frame_time = 0.04,
           .spacing = {site.spacing, site.spacing},
           .region = {kFirst, kFirst, kLast, kLast},
           .compression = site.compression}};
}

}  // namespace photo51::phantom

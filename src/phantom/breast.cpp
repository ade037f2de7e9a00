#include "phantom/breast.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace photo51::phantom {
namespace {

bool is_left(MammogramView view) {
  return view == left_cc || view == left_mlo;
}
bool is_mlo(MammogramView view) {
  return view == left_mlo || view == right_mlo;
}
/// 1 inside, 0 outside, over `width` mm.
double within(double distance, double edge, double width) {
  return std::clamp((edge - distance) / width + 0.5, 0.0, 1.0);
}

}  // namespace

const std::array<MammographySite, 3>& mammography_sites() {
  static const std::array<MammographySite, 3> table{{
      {"Ash MG", {192, 256}, 0.70, 12, false, 1.00, 0.008},
      {"Birch MG", {176, 240}, 0.75, 14, true, 0.85, 0.012},
      {"Cedar MG", {208, 272}, 0.65, 12, false, 1.15, 0.010},
  }};
  return table;
}

Breasts::Breasts(const Patient& patient, int64_t seed) : left_(patient.left_breast) {
  const auto rank = [&](Trait trait) { return normal_rank(patient.traits[trait]); };
  core::Random shape = stream(seed, patient.index, "breasts");
  radii_ = {shape.uniform(78, 104), shape.uniform(62, 78)};
  dense_ = rank(breast_density);
  for (Waves& gland : gland_) gland = Waves(12, 8, 30, shape);

  core::Random lesion = stream(seed, patient.index, "breast lesion");
  mass_ = {radii_[0] * lesion.uniform(0.3, 0.6), radii_[1] * lesion.uniform(-0.4, 0.4),
           radii_[1] * lesion.uniform(-0.4, 0.4), lesion.uniform(8, 11), 0.30};
  spiculation_ = rank(spiculation);
  surface_ = Waves(10, 0.5, 1.2, lesion);
  const auto spicules = static_cast<int>(std::round(16 * spiculation_));
  for (int k = 0; k < spicules; ++k) spicules_.push_back(lesion.uniform(0, 2 * std::numbers::pi));
  const auto count = static_cast<int>(std::round(32 * rank(calcification)));
  for (int k = 0; k < count; ++k)
    calcifications_.push_back({mass_.depth + 7 * lesion.normal(), mass_.cc + 7 * lesion.normal(),
                               mass_.mlo + 7 * lesion.normal(), lesion.uniform(0.4, 0.7),
                               lesion.uniform(0.3, 0.6)});
}

double Breasts::lesion(bool mlo, double depth, double height) const {
  const double x = depth - mass_.depth, y = height - (mlo ? mass_.mlo : mass_.cc);
  const double distance = std::hypot(x, y);
  if (distance > 5 * mass_.radius) return 0;
  const double angle = std::atan2(y, x);
  const double edge = mass_.radius * std::exp(0.22 * spiculation_ *
                                              surface_({std::cos(angle), std::sin(angle), mlo ? 3. : 0.}));
  double light = mass_.brightness * within(distance, edge, 1.5);
  if (distance < 2.3 * mass_.radius)
    for (const double direction : spicules_) {
      const double turn = mlo ? direction + 1 : direction;
      if (std::cos(angle - turn) <= 0) continue;
      const double off = std::abs(std::sin(angle - turn)) * distance;
      light = std::max(light, 0.22 * within(off, 0.7, 0.8) * (1 - distance / (2.3 * mass_.radius)));
    }
  for (const Spot& spot : calcifications_) {
    const double dx = depth - spot.depth, dy = height - (mlo ? spot.mlo : spot.cc);
    const double square = (dx * dx + dy * dy) / (2 * spot.radius * spot.radius);
    if (square < 8) light += spot.brightness * std::exp(-square);
  }
  return light;
}

double Breasts::signal(MammogramView view, double depth, double height) const {
  const double reach = std::hypot(depth / radii_[0], height / radii_[1]);
  double light = 0;
  if (reach < 1) {
    // Compressed to an even thickness that rolls off at the skin.
    const double thickness = std::min(1.0, 5 * (1 - reach));
    const double wave = gland_[view]({depth, height, 0});
    const double dense = within(-wave, 1.4 * (dense_ - 0.5) - 0.2, 0.8) * within(reach, 0.85, 0.2);
    light = thickness * (0.30 + 0.25 * dense);
    if (is_left(view) == left_) light += thickness * lesion(is_mlo(view), depth, height);
  }
  // The pectoral muscle lies across the upper corner at the chest wall.
  if (is_mlo(view)) {
    const double across = depth - 0.45 * (height - 5);
    light = std::max(light, 0.7 * within(across, 0, 3));
  }
  return light;
}

Mammogram take_mammogram(const Patient& patient, const Breasts& breasts, MammogramView view, int64_t seed) {
  const MammographySite& site = mammography_sites()[patient.site];
  static constexpr std::array<const char*, mammogram_views> kNoise{"left cc noise", "left mlo noise",
                                                                   "right cc noise", "right mlo noise"};
  core::Random noise = stream(seed, patient.index, kNoise[view]);
  const double exposure = std::exp(0.06 * noise.normal());
  const int64_t columns = site.size[0], rows = site.size[1];
  const double largest = static_cast<double>((int64_t{1} << site.bits) - 1);
  at::Tensor data = at::empty({1, 1, rows, columns}, at::kInt);
  auto* to = data.data_ptr<int32_t>();
  for (int64_t y = 0; y < rows; ++y)
    for (int64_t x = 0; x < columns; ++x) {
      const double depth = site.spacing * (static_cast<double>(is_left(view) ? x : columns - 1 - x) + 0.5);
      const double height = site.spacing * (static_cast<double>(rows - 1) / 2 - static_cast<double>(y));
      const double light = exposure * breasts.signal(view, depth, height);
      const double value = 0.02 + 0.8 * std::pow(light, site.gamma) + site.noise * noise.normal();
      *to++ = static_cast<int32_t>(std::clamp(std::round(largest * value), 0.0, largest));
    }
  imaging::Geometry geometry;
  geometry.size = {columns, rows, 1};
  geometry.spacing = {site.spacing, site.spacing, 1};
  imaging::Volume image = imaging::make_volume(std::move(data), geometry, imaging::Modality::mammography,
                                               imaging::Units::arbitrary);
  image.orientation_known = false;
  return {std::move(image),
          {.laterality = is_left(view) ? "L" : "R",
           .view = is_mlo(view) ? "MLO" : "CC",
           .bits = site.bits,
           .inverted = site.inverted,
           .compression_force = 110,
           .thickness = 52}};
}

}  // namespace photo51::phantom

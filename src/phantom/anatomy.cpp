#include "phantom/anatomy.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace photo51::phantom {
namespace {

constexpr Point kBrainRadii{64, 78, 60};  // mm, of an average head
constexpr double kSkull = 1.07, kScalp = 1.15, kAir = 1.22;
constexpr double kCore = 0.55, kOedema = 1.45;  // of the lesion's radius

Point random_direction(core::Random& random) {
  Point direction{random.normal(), random.normal(), random.normal()};
  const double length = std::hypot(direction[0], direction[1], direction[2]);
  for (double& x : direction) x /= length;
  return direction;
}

/// 0 below `edge`, 1 above, linear over `width`: a voxel at a border sees both sides.
double step(double x, double edge, double width) {
  return std::clamp((x - edge) / width + 0.5, 0.0, 1.0);
}
double blend(double inside, double outside, double part) {
  return inside + (outside - inside) * part;
}

}  // namespace

Waves::Waves(int count, double shortest, double longest, core::Random& random) {
  for (int k = 0; k < count; ++k) {
    const double frequency = 2 * std::numbers::pi / random.uniform(shortest, longest);
    Point vector = random_direction(random);
    for (double& x : vector) x *= frequency;
    waves_.push_back({vector, random.uniform(0, 2 * std::numbers::pi)});
  }
}

double Waves::operator()(const Point& point) const {
  double sum = 0;
  for (const Wave& wave : waves_)
    sum += std::cos(wave.vector[0] * point[0] + wave.vector[1] * point[1] + wave.vector[2] * point[2] +
                    wave.phase);
  return sum * std::sqrt(2.0 / static_cast<double>(waves_.size()));
}

Anatomy::Anatomy(const Patient& patient, int64_t seed) {
  core::Random head = stream(seed, patient.index, "head");
  for (size_t a = 0; a < 3; ++a) {
    head_centre_[a] = head.uniform(-6, 6);
    brain_radii_[a] = kBrainRadii[a] * head.uniform(0.94, 1.06);
  }
  ventricle_radii_ = {head.uniform(5, 9), head.uniform(20, 28), head.uniform(9, 14)};
  cortex_ = Waves(8, 18, 40, head);

  core::Random lesion = stream(seed, patient.index, "lesion");
  const double side = lesion.chance(0.5) ? 1 : -1;
  const Point place{side * lesion.uniform(0.36, 0.5), lesion.uniform(-0.4, 0.4), lesion.uniform(-0.25, 0.4)};
  for (size_t a = 0; a < 3; ++a) lesion_centre_[a] = head_centre_[a] + place[a] * brain_radii_[a];
  lesion_axis_ = random_direction(lesion);
  lesion_radius_ = lesion.uniform(14, 19);
  surface_ = Waves(12, 1.0, 1.6, lesion);
  grain_ = Waves(24, 9, 14, lesion);

  const auto rank = [&](Trait trait) { return normal_rank(patient.traits[trait]); };
  bumps_ = 0.02 + 0.26 * rank(irregularity);
  stretch_ = 1 + 0.9 * rank(elongation);
  texture_ = 0.02 + 0.38 * rank(texture);
  enhancement_ = 0.75 + 0.95 * rank(enhancement);
  density_ = 18 + 44 * rank(density);
  uptake_ = 1.8 + 4.2 * rank(uptake);
  unevenness_ = 0.02 + 0.58 * rank(unevenness);
  core::Random metabolism = stream(seed, patient.index, "metabolism");
  metabolism_ = Waves(24, 14, 24, metabolism);
}

double Anatomy::lesion_distance(const Point& point) const {
  Point from{point[0] - lesion_centre_[0], point[1] - lesion_centre_[1], point[2] - lesion_centre_[2]};
  if (std::hypot(from[0], from[1], from[2]) > 5 * lesion_radius_) return 9;
  // An ellipsoid of unchanged volume: along its axis stretch^(2/3), across stretch^(-1/3).
  const double along = from[0] * lesion_axis_[0] + from[1] * lesion_axis_[1] + from[2] * lesion_axis_[2];
  const double long_half = std::pow(stretch_, 2.0 / 3), short_half = std::pow(stretch_, -1.0 / 3);
  for (size_t a = 0; a < 3; ++a) {
    const double axial = along * lesion_axis_[a];
    from[a] = axial / long_half + (from[a] - axial) / short_half;
  }
  const double distance = std::hypot(from[0], from[1], from[2]);
  if (distance < 1e-9) return 0;
  const Point direction{from[0] / distance, from[1] / distance, from[2] / distance};
  return distance / (lesion_radius_ * std::exp(bumps_ * surface_(direction)));
}

Tissue Anatomy::at(const Point& point) const {
  Tissue tissue;
  const Point from{point[0] - head_centre_[0], point[1] - head_centre_[1], point[2] - head_centre_[2]};
  tissue.head = std::hypot(from[0] / brain_radii_[0], from[1] / brain_radii_[1], from[2] / brain_radii_[2]);
  if (tissue.head > 1) return tissue;
  const double side = from[0] < 0 ? -1 : 1;
  tissue.ventricle = std::hypot((from[0] - side * 11) / ventricle_radii_[0], from[1] / ventricle_radii_[1],
                                (from[2] - 6) / ventricle_radii_[2]);
  tissue.grey = step(tissue.head + 0.05 * cortex_(point), 0.86, 0.08);
  tissue.lesion = lesion_distance(point);
  if (tissue.lesion < 1.1) tissue.texture = grain_(point);
  return tissue;
}

double Anatomy::t1c(const Tissue& tissue) const {
  if (tissue.head > 1) {
    if (tissue.head < kSkull) return 0.25;
    if (tissue.head < kScalp) return 0.15;
    return tissue.head < kAir ? 0.9 : 0;
  }
  double signal = blend(0.82, 0.62, tissue.grey);
  signal = blend(0.25, signal, step(tissue.ventricle, 1, 0.25));
  const double rim = enhancement_ * (1 + texture_ * tissue.texture);
  const double lesion = blend(0.4 * (1 + texture_ * tissue.texture), rim, step(tissue.lesion, kCore, 0.15));
  return std::max(0.0, blend(lesion, signal, step(tissue.lesion, 1, 0.12)));
}

double Anatomy::flair(const Tissue& tissue) const {
  if (tissue.head > 1) {
    if (tissue.head < kSkull) return 0.12;
    if (tissue.head < kScalp) return 0.1;
    return tissue.head < kAir ? 0.5 : 0;
  }
  double signal = blend(0.6, 0.75, tissue.grey);
  signal = blend(0.12, signal, step(tissue.ventricle, 1, 0.25));
  signal = blend(std::max(signal, 0.95), signal, step(tissue.lesion, kOedema, 0.3));
  const double lesion = 1.3 * (1 + 0.8 * texture_ * tissue.texture);
  return std::max(0.0, blend(lesion, signal, step(tissue.lesion, 1, 0.12)));
}

double Anatomy::ct(const Tissue& tissue) const {
  if (tissue.head > 1) {
    if (tissue.head < kSkull) return 8;
    if (tissue.head < kScalp) return 900;
    return tissue.head < kAir ? 20 : -1000;
  }
  double density = blend(29, 38, tissue.grey);
  density = blend(6, density, step(tissue.ventricle, 1, 0.25));
  density = blend(22, density, step(tissue.lesion, kOedema, 0.3));
  return blend(density_, density, step(tissue.lesion, 1, 0.12));
}

double Anatomy::pet(const Tissue& tissue, const Point& point) const {
  if (tissue.head > 1) {
    if (tissue.head < kSkull) return 0.4;
    if (tissue.head < kScalp) return 0.5;
    return tissue.head < kAir ? 0.9 : 0.02;
  }
  double suv = blend(1.0, 1.3, tissue.grey);
  suv = blend(0.5, suv, step(tissue.ventricle, 1, 0.25));
  if (tissue.lesion > 1.2) return suv;
  // A core that is poor in tracer, and patches.
  const double core = 1 - step(tissue.lesion, kCore, 0.3);
  const double part = (1 - unevenness_ * core) * (1 + unevenness_ * metabolism_(point));
  return blend(uptake_ * std::max(0.1, part), suv, step(tissue.lesion, 1, 0.12));
}

}  // namespace photo51::phantom

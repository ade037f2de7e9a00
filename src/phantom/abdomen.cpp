#include "phantom/abdomen.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace photo51::phantom {
namespace {

constexpr double kSmallest = 3, kLargest = 14;    // mm, of a lesion's radius
constexpr double kFaintest = 12, kPlainest = 70;  // HU that the liver is brighter by
constexpr double kMostBump = 1.5;                 // of the waves that a surface is bumped by
constexpr double kMargin = 4;                     // mm between a lesion and what it must not touch
constexpr double kOutside = -1000, kFat = -100, kFlesh = 42, kBone = 350;  // HU
constexpr int kPlaces = 400;  // tried before a lesion is made smaller

/// 0 inside an edge, 1 beyond it, linear over `width` mm.
double beyond(double distance, double width) {
  return std::clamp(distance / width + 0.5, 0.0, 1.0);
}
double mixed(double inside, double outside, double part) {
  return inside + (outside - inside) * part;
}
double length_between(const Point& a, const Point& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
double log_uniform(core::Random& random, double low, double high) {
  return std::exp(random.uniform(std::log(low), std::log(high)));
}

}  // namespace

bool Lesion::contains(const Point& point) const {
  const double distance = length_between(point, centre);
  if (distance > reach()) return false;
  if (distance == 0) return true;
  Point direction{};
  for (size_t a = 0; a < 3; ++a) direction[a] = (point[a] - centre[a]) / distance;
  return distance < radius * std::exp(bumps * std::clamp(surface(direction), -kMostBump, kMostBump));
}

double Lesion::reach() const {
  return radius * std::exp(bumps * kMostBump);
}

double Abdomen::Ellipsoid::operator()(const Point& point) const {
  double square = 0;
  for (size_t a = 0; a < 3; ++a) square += std::pow((point[a] - centre[a]) / radii[a], 2);
  return std::sqrt(square);
}

double Abdomen::Vessel::distance(const Point& point) const {
  double along = 0, square = 0;
  for (size_t a = 0; a < 3; ++a) {
    along += (point[a] - from[a]) * (to[a] - from[a]);
    square += (to[a] - from[a]) * (to[a] - from[a]);
  }
  const double part = std::clamp(along / square, 0.0, 1.0);
  Point nearest{};
  for (size_t a = 0; a < 3; ++a) nearest[a] = from[a] + part * (to[a] - from[a]);
  return length_between(point, nearest);
}

Abdomen::Abdomen(const LesionOptions& options, int64_t patient) {
  core::Random random = stream(options.seed, patient, "abdomen");
  body_x_ = random.uniform(106, 116);
  body_y_ = random.uniform(78, 86);
  liver_.centre = {random.uniform(-38, -30), random.uniform(-12, -6), random.uniform(-4, 4)};
  liver_.radii = {random.uniform(56, 64), random.uniform(48, 54), random.uniform(46, 52)};
  const Point& middle = liver_.centre;
  gallbladder_ = {{middle[0] + 14, middle[1] - 18, middle[2] - 36},
                  {random.uniform(10, 13), random.uniform(11, 14), random.uniform(14, 18)}};
  stomach_ = {{random.uniform(52, 60), -24, 8}, {30, 26, 30}};
  density_ = random.uniform(95, 115);
  texture_ = Waves(12, 12, 40, random);
  for (int k = 0; k < 6; ++k) {
    Vessel vessel;
    vessel.from = {middle[0] + 22, middle[1] + 8, middle[2] - 6};
    for (size_t a = 0; a < 3; ++a) vessel.to[a] = middle[a] + 0.8 * liver_.radii[a] * random.uniform(-1, 1);
    vessel.radius = random.uniform(2, 4);
    vessels_.push_back(vessel);
  }
  const auto range = static_cast<uint64_t>(options.most - options.least + 1);
  const int64_t count = options.least + static_cast<int64_t>(random.below(range));
  for (int64_t k = 0; k < count; ++k) lesions_.push_back(draw_lesion(options.seed, patient, k));
}

Lesion Abdomen::draw_lesion(int64_t seed, int64_t patient, int64_t number) const {
  core::Random random = stream(seed, patient, ("lesion " + std::to_string(number)).c_str());
  Lesion lesion;
  lesion.radius = log_uniform(random, kSmallest, kLargest);
  lesion.contrast = -log_uniform(random, kFaintest, kPlainest);
  lesion.malignant = random.chance(0.5);
  lesion.bumps = lesion.malignant ? 0.22 : 0.02;
  lesion.surface = Waves(6, 1.2, 3, random);
  for (int tried = 0;; ++tried) {
    // As a last resort a lesion may shrink to nothing, so this ends.
    if (tried > 0 && tried % kPlaces == 0) lesion.radius *= 0.8;
    Point place{random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)};
    if (std::hypot(place[0], place[1], place[2]) > 1) continue;
    const double away = lesion.reach() + kMargin;
    for (size_t a = 0; a < 3; ++a) lesion.centre[a] = liver_.centre[a] + place[a] * (liver_.radii[a] - away);
    Ellipsoid around = gallbladder_;
    for (double& radius : around.radii) radius += away;
    if (around(lesion.centre) < 1) continue;
    const bool free = std::ranges::all_of(lesions_, [&](const Lesion& other) {
      return length_between(other.centre, lesion.centre) > other.reach() + away;
    });
    if (free) return lesion;
  }
}

double Abdomen::ct(const Point& point) const {
  const double round = std::hypot(point[0] / body_x_, point[1] / body_y_);
  if (round > 1) return kOutside;
  double density = mixed(kFlesh, kFat, beyond((round - 0.9) * body_y_, 3));
  if (std::hypot(point[0], point[1] - 58) < 15) density = kBone;                     // spine
  if (std::hypot(point[0] - 12, point[1] - 34) < 9) density = 160;                   // aorta
  if (stomach_(point) < 1) density = point[1] < stomach_.centre[1] - 6 ? -850 : 15;  // air above fluid
  const double edge = (liver_(point) - 1) * liver_.radii[2];
  if (edge < 3) {
    double inside = density_ + 3 * texture_(point);
    for (const Vessel& vessel : vessels_)
      inside = mixed(density_ + 45, inside, beyond(vessel.distance(point) - vessel.radius, 1.5));
    density = mixed(inside, density, beyond(edge, 3));
  }
  return mixed(8, density, beyond((gallbladder_(point) - 1) * gallbladder_.radii[0], 2));
}

double Abdomen::liver_volume() const {
  return 4.0 / 3 * std::numbers::pi * liver_.radii[0] * liver_.radii[1] * liver_.radii[2];
}

}  // namespace photo51::phantom

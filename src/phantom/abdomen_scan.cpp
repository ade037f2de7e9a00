#include "phantom/abdomen_scan.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace photo51::phantom {
namespace {

constexpr Point kAbdomenFieldOfView{240, 180, 120};  // mm
constexpr int kParts = 4;                            // of a voxel along each axis

/// The standard normal quantile, by halving: the distribution function is all that there is of it here.
double normal_quantile(double probability) {
  double low = -40, high = 40;
  for (int halving = 0; halving < 80; ++halving) {
    const double middle = (low + high) / 2;
    (normal_rank(middle) < probability ? low : high) = middle;
  }
  return low;
}

}  // namespace

const std::array<AbdomenSite, 3>& abdomen_sites() {
  static const std::array<AbdomenSite, 3> table{{
      {{"Ash CT 64", {2.5, 2.5, 4}, {1, 0, 0, 0, 1, 0, 0, 0, 1}}, 10},
      {{"Birch CT 16", {2.8, 2.8, 5}, {1, 0, 0, 0, -1, 0, 0, 0, -1}}, 14},  // front and feet first
      {{"Cedar CT 32", {3, 3, 3.5}, {1, 0, 0, 0, 1, 0, 0, 0, 1}}, 12},
  }};
  return table;
}

double share_of(const Lesion& lesion, const imaging::Geometry& grid, const Point& index) {
  int within = 0;
  for (int z = 0; z < kParts; ++z)
    for (int y = 0; y < kParts; ++y)
      for (int x = 0; x < kParts; ++x) {
        const auto offset = [](int part) { return (part + 0.5) / kParts - 0.5; };
        within += lesion.contains(
            grid.to_world({index[0] + offset(x), index[1] + offset(y), index[2] + offset(z)}));
      }
  return static_cast<double>(within) / (kParts * kParts * kParts);
}

AbdomenScan scan_abdomen(const Abdomen& abdomen, size_t site, int64_t patient, int64_t seed) {
  const AbdomenSite& scanner = abdomen_sites()[site];
  const imaging::Geometry grid = grid_of(scanner.ct, kAbdomenFieldOfView);
  const std::vector<int64_t> sizes{1, grid.size[2], grid.size[1], grid.size[0]};
  AbdomenScan scan;
  scan.ct = imaging::make_volume(at::empty(sizes, at::kFloat), grid, imaging::Modality::ct,
                                 imaging::Units::hounsfield);
  scan.lesions = imaging::make_volume(at::zeros(sizes, at::kByte), grid, imaging::Modality::segmentation,
                                      imaging::Units::label);
  auto* ct = scan.ct.data.data_ptr<float>();
  auto* mask = scan.lesions.data.data_ptr<uint8_t>();
  const double widest = std::hypot(grid.spacing[0], grid.spacing[1], grid.spacing[2]);
  std::vector<double> squares(abdomen.lesions().size(), 0);
  core::Random noise = stream(seed, patient, "abdomen noise");
  for_each_voxel(grid, [&](int64_t voxel, const Point& point) {
    double value = abdomen.ct(point);
    for (size_t k = 0; k < squares.size(); ++k) {
      const Lesion& lesion = abdomen.lesions()[k];
      const Point& centre = lesion.centre;
      if (std::hypot(point[0] - centre[0], point[1] - centre[1], point[2] - centre[2]) >
          lesion.reach() + widest)
        continue;
      const double share = share_of(lesion, grid, grid.to_index(point));
      const double adds = share * (abdomen.liver_density() + lesion.contrast - value);
      value += adds;
      squares[k] += adds * adds;
      if (share >= 0.5) mask[voxel] = static_cast<uint8_t>(k + 1);
    }
    value += scanner.noise * noise.normal();
    ct[voxel] = static_cast<float>(std::clamp(std::round(value), -1024.0, 3071.0));
  });
  for (const double square : squares) scan.distinctness.push_back(std::sqrt(square) / scanner.noise);
  return scan;
}

double places_of(const Abdomen& abdomen, const Lesion& lesion) {
  return abdomen.liver_volume() / (4.0 / 3 * std::numbers::pi * std::pow(lesion.radius, 3));
}

double filter_sensitivity(double distinctness, double places, double false_positives) {
  if (places <= false_positives) return 1;
  return normal_rank(distinctness + normal_quantile(false_positives / places));
}

}  // namespace photo51::phantom

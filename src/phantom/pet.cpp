#include "phantom/pet.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace photo51::phantom {
namespace {

using imaging::Geometry;

/// Gaussian blur along one voxel axis; beyond the border the last voxel goes on.
void blur_axis(std::vector<float>& values, const Geometry& grid, size_t axis, double deviation) {
  const auto reach = static_cast<int64_t>(std::ceil(3 * deviation));
  std::vector<double> weights;
  double sum = 0;
  for (int64_t k = -reach; k <= reach; ++k) {
    const double z = static_cast<double>(k) / deviation;
    sum += weights.emplace_back(std::exp(-z * z / 2));
  }
  for (double& weight : weights) weight /= sum;

  const std::array<int64_t, 3> steps{1, grid.size[0], grid.size[0] * grid.size[1]};
  const int64_t length = grid.size[axis], step = steps[axis];
  std::vector<float> line(static_cast<size_t>(length));
  for (int64_t start = 0; start < static_cast<int64_t>(values.size()); ++start) {
    if (start / step % length != 0) continue;
    for (int64_t i = 0; i < length; ++i)
      line[static_cast<size_t>(i)] = values[static_cast<size_t>(start + i * step)];
    for (int64_t i = 0; i < length; ++i) {
      double blurred = 0;
      for (int64_t k = -reach; k <= reach; ++k)
        blurred += weights[static_cast<size_t>(k + reach)] *
                   static_cast<double>(line[static_cast<size_t>(std::clamp<int64_t>(i + k, 0, length - 1))]);
      values[static_cast<size_t>(start + i * step)] = static_cast<float>(blurred);
    }
  }
}

std::string clock(int64_t seconds) {
  char text[16];
  std::snprintf(text, sizeof text, "%02d%02d%02d", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  return text;
}

}  // namespace

const std::array<PetSite, 3>& pet_sites() {
  static constexpr std::array<double, 9> kAxial{1, 0, 0, 0, 1, 0, 0, 0, 1};
  static constexpr std::array<double, 9> kFeetFirst{1, 0, 0, 0, -1, 0, 0, 0, -1};
  static const std::array<PetSite, 3> table{{
      {{"Ash PET 4-ring", {3.3, 3.3, 5}, kAxial}, 5.5, 0.30, 1.00},
      {{"Birch PET 3-ring", {4.07, 4.07, 4.25}, kFeetFirst}, 6.5, 0.45, 0.95},
      {{"Cedar PET", {3.6, 3.6, 6.5}, kAxial}, 6.0, 0.36, 1.05},
  }};
  return table;
}

PetScan scan_pet(const Patient& patient, const Anatomy& anatomy, int64_t seed) {
  const PetSite& site = pet_sites()[patient.site];
  core::Random session = stream(seed, patient.index, "pet session");
  PetScan scan;
  imaging::PetTags& tags = scan.tags;
  tags.radiopharmaceutical = "Fluoroethyltyrosine F^18^";
  tags.weight = std::round(std::clamp((patient.female ? 65.0 : 80.0) + 12 * session.normal(), 42.0, 130.0));
  tags.height =
      std::round(std::clamp((patient.female ? 165.0 : 178.0) + 7 * session.normal(), 145.0, 205.0)) / 100;
  tags.dose = std::round(tags.weight * session.uniform(2.4, 3.6)) * 1e6;
  const auto injected = static_cast<int64_t>(session.uniform(8 * 3600, 14 * 3600));
  const auto waited = static_cast<int64_t>(60 * session.uniform(18, 45));
  tags.injection_time = clock(injected);
  tags.series_time = clock(injected + waited);

  const Geometry grid = grid_of(site.scanner);
  std::vector<float> values(static_cast<size_t>(grid.size[0] * grid.size[1] * grid.size[2]));
  core::Random noise = stream(seed, patient.index, "pet noise");
  for_each_voxel(grid, [&](int64_t voxel, const Point& point) {
    const double suv = anatomy.pet(anatomy.at(point), point);
    values[static_cast<size_t>(voxel)] =
        static_cast<float>(site.calibration * (suv + site.noise * std::sqrt(suv) * noise.normal()));
  });
  for (size_t axis = 0; axis < 3; ++axis)
    blur_axis(values, grid, axis, site.blur / 2.3548 / grid.spacing[axis]);

  const double decayed = tags.dose * std::exp2(-static_cast<double>(waited) / tags.half_life);
  const std::array<int64_t, 4> shape{1, grid.size[2], grid.size[1], grid.size[0]};
  at::Tensor suv = at::empty(shape, at::kFloat), becquerel = at::empty(shape, at::kFloat);
  auto *to_suv = suv.data_ptr<float>(), *to_becquerel = becquerel.data_ptr<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    to_suv[i] = std::max(0.0F, values[i]);
    to_becquerel[i] = static_cast<float>(static_cast<double>(to_suv[i]) * decayed / (1000 * tags.weight));
  }
  using imaging::Modality;
  scan.suv = imaging::make_volume(std::move(suv), grid, Modality::pet, imaging::Units::suv);
  scan.becquerel =
      imaging::make_volume(std::move(becquerel), grid, Modality::pet, imaging::Units::becquerel_per_ml);
  return scan;
}

}  // namespace photo51::phantom

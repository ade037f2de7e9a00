#include "photo51/imaging/volume.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

struct Named {
  const char* name;
  Modality modality;
};
constexpr Named kModalities[] = {{"unknown", Modality::unknown},
                                 {"mri", Modality::mri},
                                 {"ct", Modality::ct},
                                 {"pet", Modality::pet},
                                 {"mammography", Modality::mammography},
                                 {"ultrasound", Modality::ultrasound},
                                 {"histopathology", Modality::histopathology},
                                 {"segmentation", Modality::segmentation}};

}  // namespace

std::string to_string(Modality modality) {
  for (const Named& named : kModalities)
    if (named.modality == modality) return named.name;
  return "unknown";
}

std::string to_string(Units units) {
  switch (units) {
    case Units::arbitrary:
      return "arbitrary";
    case Units::hounsfield:
      return "HU";
    case Units::suv:
      return "SUV";
    case Units::becquerel_per_ml:
      return "Bq/ml";
    case Units::label:
      return "label";
    case Units::unknown:
      break;
  }
  return "unknown";
}

double Geometry::handedness() const {
  const auto& d = direction;
  return d[0] * (d[4] * d[8] - d[5] * d[7]) - d[1] * (d[3] * d[8] - d[5] * d[6]) +
         d[2] * (d[3] * d[7] - d[4] * d[6]);
}

std::array<double, 3> Geometry::to_world(const std::array<double, 3>& index) const {
  std::array<double, 3> world = origin;
  for (size_t row = 0; row < 3; ++row)
    for (size_t axis = 0; axis < 3; ++axis)
      world[row] += direction[row * 3 + axis] * spacing[axis] * index[axis];
  return world;
}

std::array<double, 3> Geometry::to_index(const std::array<double, 3>& world) const {
  const auto& d = direction;
  const double scale = 1.0 / handedness();
  const std::array<double, 3> p{world[0] - origin[0], world[1] - origin[1], world[2] - origin[2]};
  // Rows of the inverse by cofactors.
  const double x = (d[4] * d[8] - d[5] * d[7]) * p[0] + (d[2] * d[7] - d[1] * d[8]) * p[1] +
                   (d[1] * d[5] - d[2] * d[4]) * p[2];
  const double y = (d[5] * d[6] - d[3] * d[8]) * p[0] + (d[0] * d[8] - d[2] * d[6]) * p[1] +
                   (d[2] * d[3] - d[0] * d[5]) * p[2];
  const double z = (d[3] * d[7] - d[4] * d[6]) * p[0] + (d[1] * d[6] - d[0] * d[7]) * p[1] +
                   (d[0] * d[4] - d[1] * d[3]) * p[2];
  return {x * scale / spacing[0], y * scale / spacing[1], z * scale / spacing[2]};
}

bool Geometry::matches(const Geometry& other, double tolerance) const {
  if (size != other.size) return false;
  for (int corner = 0; corner < 8; ++corner) {
    std::array<double, 3> index{};
    for (size_t axis = 0; axis < 3; ++axis)
      if ((corner >> axis & 1) != 0) index[axis] = static_cast<double>(std::max<int64_t>(size[axis] - 1, 1));
    const auto there = to_index(other.to_world(index));
    for (size_t axis = 0; axis < 3; ++axis)
      if (!(std::abs(there[axis] - index[axis]) <= tolerance)) return false;
  }
  return true;
}

Volume make_volume(at::Tensor data, Geometry geometry, Modality modality, Units units) {
  const auto& size = geometry.size;
  if (data.dim() != 4 || data.size(0) < 1 || data.size(1) != size[2] || data.size(2) != size[1] ||
      data.size(3) != size[0])
    core::fail_usage("a volume of " + std::to_string(size[0]) + " x " + std::to_string(size[1]) + " x " +
                     std::to_string(size[2]) + " voxels needs data [C, " + std::to_string(size[2]) + ", " +
                     std::to_string(size[1]) + ", " + std::to_string(size[0]) + "], not " +
                     c10::str(data.sizes()));
  Volume volume;
  data = data.contiguous();
  volume.data = std::move(data);
  volume.geometry = geometry;
  volume.modality = modality;
  volume.units = units;
  return volume;
}

Volume to_float(Volume volume) {
  volume.data = volume.data.to(at::kFloat).contiguous();
  return volume;
}

int64_t count_not_finite(const Volume& volume) {
  if (!at::isFloatingType(volume.data.scalar_type())) return 0;
  return volume.data.numel() - at::isfinite(volume.data).sum().item<int64_t>();
}

void require_finite(const Volume& volume) {
  const int64_t bad = count_not_finite(volume);
  if (bad == 0) return;
  const at::Tensor where = at::nonzero(at::isfinite(volume.data).logical_not())[0];
  core::fail_data(volume.source + ": " + std::to_string(bad) + " of " + std::to_string(volume.data.numel()) +
                  " voxels are NaN or infinite, the first at x=" + std::to_string(where[3].item<int64_t>()) +
                  " y=" + std::to_string(where[2].item<int64_t>()) +
                  " z=" + std::to_string(where[1].item<int64_t>()) +
                  "; set them to the background's value before use");
}

}  // namespace photo51::imaging

#include "phantom/scanner.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

namespace photo51::phantom {
namespace {

using imaging::Geometry;
using imaging::Modality;
using imaging::Units;
using imaging::Volume;

constexpr std::array<double, 9> kAxial{1, 0, 0, 0, 1, 0, 0, 0, 1};
/// Rows to the right and to the front, as most NIfTI files lie.
constexpr std::array<double, 9> kRightFront{-1, 0, 0, 0, -1, 0, 0, 0, 1};
/// Sagittal: rows to the back, columns to the feet, slices to the left; tilted by 8 degrees about x.
constexpr double kCos = 0.9902680687415704, kSin = 0.13917310096006544;
constexpr std::array<double, 9> kSagittal{0, 0, 1, kCos, kSin, 0, kSin, -kCos, 0};
/// Rows to the left, columns to the front, slices to the feet.
constexpr std::array<double, 9> kFeetFirst{1, 0, 0, 0, -1, 0, 0, 0, -1};

Volume empty_volume(const Geometry& geometry, at::ScalarType type, Modality modality, Units units) {
  const auto& size = geometry.size;
  return imaging::make_volume(at::empty({1, size[2], size[1], size[0]}, at::TensorOptions().dtype(type)),
                              geometry, modality, units);
}

/// A receive field: the exponential of a polynomial over the field of view.
class BiasField {
 public:
  BiasField(double strength, core::Random& random) {
    for (double& c : coefficients_) c = strength * random.normal();
  }
  double operator()(const Point& point) const {
    const double x = point[0] / 84, y = point[1] / 102, z = point[2] / 78;
    return std::exp(coefficients_[0] * x + coefficients_[1] * y + coefficients_[2] * z +
                    coefficients_[3] * (x * x - 0.3) + coefficients_[4] * (y * y - 0.3) +
                    coefficients_[5] * x * y);
  }

 private:
  std::array<double, 6> coefficients_{};
};

/// The magnitude of a complex signal with noise (Rician).
int16_t stored(double signal, const Site& site, double gain, core::Random& random) {
  const double real = signal + site.noise * random.normal(), imaginary = site.noise * random.normal();
  return static_cast<int16_t>(std::clamp(std::round(gain * std::hypot(real, imaginary)), 0.0, 32767.0));
}

}  // namespace

const std::array<Site, 3>& sites() {
  static const std::array<Site, 3> table{{
      {.mri = {"Ash MR 3T", {3, 3, 3}, kAxial},
       .ct = {"Ash CT 64", {2.8, 2.8, 6}, kAxial},
       .gain = 800,
       .noise = 0.03,
       .bias = 0.06,
       .ct_noise = 4},
      {.mri = {"Birch MR 1.5T", {2.8, 2.8, 3.6}, kRightFront},
       .ct = {"Birch CT 16", {3.0, 3.0, 5}, kFeetFirst},
       .gain = 2600,
       .noise = 0.05,
       .bias = 0.12,
       .ct_noise = 6},
      {.mri = {"Cedar MR 1.5T", {3, 3, 3.2}, kSagittal},
       .ct = {"Cedar CT 32", {3.2, 3.2, 5.5}, kAxial},
       .gain = 230,
       .noise = 0.04,
       .bias = 0.09,
       .ct_noise = 5},
  }};
  return table;
}

Geometry grid_of(const Scanner& scanner, const Point& field_of_view) {
  Geometry geometry;
  geometry.spacing = scanner.spacing;
  geometry.direction = scanner.direction;
  Point corner{};  // of the first voxel, along the voxel axes, from the centre
  for (size_t axis = 0; axis < 3; ++axis) {
    double extent = 0;  // of the field of view along this voxel axis
    for (size_t row = 0; row < 3; ++row)
      if (std::abs(scanner.direction[3 * row + axis]) > 0.5) extent = field_of_view[row];
    geometry.size[axis] = static_cast<int64_t>(std::round(extent / scanner.spacing[axis]));
    corner[axis] = -scanner.spacing[axis] * static_cast<double>(geometry.size[axis] - 1) / 2;
  }
  for (size_t row = 0; row < 3; ++row) {
    geometry.origin[row] = 0;
    for (size_t axis = 0; axis < 3; ++axis)
      geometry.origin[row] += scanner.direction[3 * row + axis] * corner[axis];
  }
  return geometry;
}

Images scan(const Patient& patient, const Anatomy& anatomy, int64_t seed) {
  const Site& site = sites()[patient.site];
  core::Random session = stream(seed, patient.index, "session");
  const double gain = site.gain * std::exp(0.08 * session.normal());
  const BiasField bias(site.bias, session);
  core::Random t1c_noise = stream(seed, patient.index, "t1c noise");
  core::Random flair_noise = stream(seed, patient.index, "flair noise");
  core::Random ct_noise = stream(seed, patient.index, "ct noise");

  Images images;
  const Geometry grid = grid_of(site.mri);
  images.t1c = empty_volume(grid, at::kShort, Modality::mri, Units::arbitrary);
  images.flair = empty_volume(grid, at::kShort, Modality::mri, Units::arbitrary);
  images.mask = empty_volume(grid, at::kByte, Modality::segmentation, Units::label);
  auto* t1c = images.t1c.data.data_ptr<int16_t>();
  auto* flair = images.flair.data.data_ptr<int16_t>();
  auto* mask = images.mask.data.data_ptr<uint8_t>();
  for_each_voxel(grid, [&](int64_t voxel, const Point& point) {
    const Tissue tissue = anatomy.at(point);
    const double field = bias(point);
    t1c[voxel] = stored(field * anatomy.t1c(tissue), site, gain, t1c_noise);
    flair[voxel] = stored(field * anatomy.flair(tissue), site, gain, flair_noise);
    mask[voxel] = tissue.lesion < 1 ? 1 : 0;
  });

  const Geometry ct_grid = grid_of(site.ct);
  images.ct = empty_volume(ct_grid, at::kFloat, Modality::ct, Units::hounsfield);
  auto* ct = images.ct.data.data_ptr<float>();
  for_each_voxel(ct_grid, [&](int64_t voxel, const Point& point) {
    const double value = anatomy.ct(anatomy.at(point)) + site.ct_noise * ct_noise.normal();
    ct[voxel] = static_cast<float>(std::clamp(std::round(value), -1024.0, 3071.0));
  });
  return images;
}

}  // namespace photo51::phantom

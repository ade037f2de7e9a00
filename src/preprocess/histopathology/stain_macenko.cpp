#include <ATen/ATen.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <vector>

#include "photo51/core/error.hpp"
#include "preprocess/histopathology/optical_density.hpp"
#include "preprocess/histopathology/stain_methods.hpp"

namespace photo51::preprocess {
namespace {

using Stains = Eigen::Matrix<double, 3, 2>;

/// The order statistic nearest to a percentile.
float percentile(std::vector<float>& values, double percent) {
  const auto rank = std::llrint(percent / 100 * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<size_t>(rank)];
}

Stains as_matrix(const StainProfile& profile) {
  Stains stains;
  for (int c = 0; c < 3; ++c) {
    stains(c, 0) = profile.stains[static_cast<size_t>(c)];
    stains(c, 1) = profile.stains[static_cast<size_t>(3 + c)];
  }
  return stains;
}

/// Amounts of the two stains from a density, by least squares.
Eigen::Matrix<double, 2, 3> unmixing(const Stains& stains) {
  const Eigen::Matrix2d gram = stains.transpose() * stains;
  if (!(std::abs(gram.determinant()) > 1e-6))
    core::fail_data("its two stains cannot be told apart: the picture has one color; choose another");
  return gram.inverse() * stains.transpose();
}

/// Densities of stained pixels, one after the other.
std::vector<Eigen::Vector3f> stained_pixels(const at::Tensor& density, double least) {
  std::vector<Eigen::Vector3f> kept;
  const float* value = density.const_data_ptr<float>();
  const int64_t plane = density.size(2);
  const auto limit = static_cast<float>(least);
  for (int64_t n = 0; n < density.size(0); ++n, value += 3 * plane)
    for (int64_t i = 0; i < plane; ++i) {
      const Eigen::Vector3f d(value[i], value[plane + i], value[2 * plane + i]);
      if (d.minCoeff() >= limit) kept.push_back(d);
    }
  return kept;
}

/// The two largest principal directions, the larger second and towards positive densities.
Stains principal_plane(const std::vector<Eigen::Vector3f>& pixels) {
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  for (const auto& d : pixels) mean += d.cast<double>();
  mean /= static_cast<double>(pixels.size());
  Eigen::Matrix3d spread = Eigen::Matrix3d::Zero();
  for (const auto& d : pixels) {
    const Eigen::Vector3d away = d.cast<double>() - mean;
    spread += away * away.transpose();
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(spread /
                                                              static_cast<double>(pixels.size() - 1));
  Stains plane = solver.eigenvectors().rightCols<2>();
  // Otherwise the angles could wrap around at 180 degrees.
  if (plane.col(1).sum() < 0) plane.col(1) *= -1;
  return plane;
}

Stains extreme_directions(const std::vector<Eigen::Vector3f>& pixels, const Stains& plane, double percent) {
  const Eigen::Matrix<float, 3, 2> axes = plane.cast<float>();
  std::vector<float> angles;
  angles.reserve(pixels.size());
  for (const auto& d : pixels) angles.push_back(std::atan2(d.dot(axes.col(1)), d.dot(axes.col(0))));
  const double low = percentile(angles, percent), high = percentile(angles, 100 - percent);
  const Eigen::Vector3d first = plane * Eigen::Vector2d(std::cos(low), std::sin(low));
  const Eigen::Vector3d second = plane * Eigen::Vector2d(std::cos(high), std::sin(high));
  // Haematoxylin takes more of the red than eosin does.
  Stains stains;
  stains << (first[0] > second[0] ? first : second), (first[0] > second[0] ? second : first);
  return stains;
}

}  // namespace

StainProfile macenko_reference() {
  return {{0.5626, 0.7201, 0.4062, 0.2159, 0.8012, 0.5581}, {1.9705, 1.0308}, {}, {}};
}

StainProfile measure_macenko(const at::Tensor& pictures, const StainOptions& options) {
  const at::Tensor density = densities(as_planes(pictures), {options.light, 1, 1e-6});
  const auto pixels = stained_pixels(density, options.min_density);
  if (pixels.size() < 16)
    core::fail_data("only " + std::to_string(pixels.size()) +
                    " pixels are stained: too few to tell the stains; choose tiles with tissue");
  const Stains stains = extreme_directions(pixels, principal_plane(pixels), options.percentile);
  const Eigen::Matrix<float, 2, 3> unmix = unmixing(stains).cast<float>();
  StainProfile profile;
  for (int s = 0; s < 2; ++s) {
    for (int c = 0; c < 3; ++c) profile.stains[static_cast<size_t>(3 * s + c)] = stains(c, s);
    std::vector<float> amounts(static_cast<size_t>(density.numel() / 3));
    const float* value = density.const_data_ptr<float>();
    const int64_t plane = density.size(2);
    size_t at = 0;
    for (int64_t n = 0; n < density.size(0); ++n, value += 3 * plane)
      for (int64_t i = 0; i < plane; ++i)
        amounts[at++] =
            unmix(s, 0) * value[i] + unmix(s, 1) * value[plane + i] + unmix(s, 2) * value[2 * plane + i];
    profile.strength[static_cast<size_t>(s)] = percentile(amounts, 99);
  }
  if (!(profile.strength[0] > 1e-6) || !(profile.strength[1] > 1e-6))
    core::fail_data("one of its stains is absent; choose tiles with both haematoxylin and eosin");
  return profile;
}

at::Tensor normalize_macenko(const at::Tensor& pictures, const StainProfile& from, const StainProfile& to,
                             const StainOptions& options) {
  const Eigen::Vector2d gain(to.strength[0] / from.strength[0], to.strength[1] / from.strength[1]);
  const Eigen::Matrix3d map = as_matrix(to) * gain.asDiagonal() * unmixing(as_matrix(from));
  Matrix3 rows{};
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) rows[static_cast<size_t>(3 * r + c)] = map(r, c);
  return map_densities(pictures, {options.light, 1, 1e-6}, rows, {0, 0, 0});
}

}  // namespace photo51::preprocess

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "radiomics/lesion/groups.hpp"

namespace photo51::radiomics {
namespace {

/// mm; the scale at which the surface is seen, coarser than the voxels' staircase.
constexpr double kSurfaceSigma = 3.0;

/// Surface in mm² as the total variation of the smoothed indicator (co-area formula).
double surface_area(const Lesion& lesion) {
  std::array<int64_t, 3> low = lesion.voxels.front(), high = low;
  for (const auto& voxel : lesion.voxels) {
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], voxel[axis]);
      high[axis] = std::max(high[axis], voxel[axis]);
    }
  }
  Grid box;
  box.spacing = lesion.grid.spacing;
  for (int axis = 0; axis < 3; ++axis) {
    const auto pad = static_cast<int64_t>(4 * kSurfaceSigma / box.spacing[axis] + 0.5) + 2;
    low[axis] -= pad;
    box.size[axis] = high[axis] + pad - low[axis] + 1;
  }
  std::vector<double> indicator(box.count(), 0.0);
  for (const auto& [z, y, x] : lesion.voxels) indicator[box.at(z - low[0], y - low[1], x - low[2])] = 1;
  smooth(indicator, box, kSurfaceSigma);
  double total = 0;
  for (int64_t z = 0; z < box.size[0]; ++z) {
    for (int64_t y = 0; y < box.size[1]; ++y) {
      for (int64_t x = 0; x < box.size[2]; ++x) {
        double squared = 0;
        for (int axis = 0; axis < 3; ++axis) {
          const double slope = difference(indicator, box, {z, y, x}, axis);
          squared += slope * slope;
        }
        total += std::sqrt(squared);
      }
    }
  }
  return total * box.voxel_volume();
}

/// Variances in mm² along the principal axes, largest first; a voxel counts as a box, not as a point.
Eigen::Vector3d principal_variances(const Lesion& lesion) {
  const Eigen::Vector3d spacing(lesion.grid.spacing.data());
  Eigen::Vector3d centre = Eigen::Vector3d::Zero();
  Eigen::Matrix3d spread = Eigen::Matrix3d::Zero();
  for (const auto& voxel : lesion.voxels) {
    centre += Eigen::Vector3d(voxel[0], voxel[1], voxel[2]).cwiseProduct(spacing);
  }
  centre /= static_cast<double>(lesion.voxels.size());
  for (const auto& voxel : lesion.voxels) {
    const Eigen::Vector3d offset =
        Eigen::Vector3d(voxel[0], voxel[1], voxel[2]).cwiseProduct(spacing) - centre;
    spread += offset * offset.transpose();
  }
  spread /= static_cast<double>(lesion.voxels.size());
  spread.diagonal() += spacing.cwiseProduct(spacing) / 12;
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(spread, Eigen::EigenvaluesOnly);
  return solver.eigenvalues().reverse();
}

using Corner = std::pair<int64_t, int64_t>;

/// Area of the convex hull of a slice's pixel corners, in pixels (monotone chain, Andrew 1979).
double hull_area(std::vector<Corner> points) {
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  std::vector<Corner> hull(2 * points.size());
  size_t size = 0;
  const auto turns_right = [&](const Corner& next) {
    const auto& [ay, ax] = hull[size - 2];
    const auto& [by, bx] = hull[size - 1];
    return (by - ay) * (next.second - ax) - (bx - ax) * (next.first - ay) <= 0;
  };
  const auto add = [&](const Corner& next, size_t keep) {
    while (size >= keep && turns_right(next)) --size;
    hull[size++] = next;
  };
  for (const Corner& point : points) add(point, 2);
  const size_t lower = size + 1;
  for (auto point = points.rbegin() + 1; point != points.rend(); ++point) add(*point, lower);
  int64_t twice = 0;
  for (size_t i = 0; i + 1 < size; ++i) {
    twice += hull[i].first * hull[i + 1].second - hull[i + 1].first * hull[i].second;
  }
  return std::abs(static_cast<double>(twice)) / 2;
}

/// Lesion area over the area of the axial outlines' convex hulls.
double slice_solidity(const Lesion& lesion) {
  double hulls = 0;
  std::vector<Corner> corners;
  for (size_t i = 0; i < lesion.voxels.size(); ++i) {
    const auto& [z, y, x] = lesion.voxels[i];
    corners.insert(corners.end(), {{y, x}, {y, x + 1}, {y + 1, x}, {y + 1, x + 1}});
    if (i + 1 == lesion.voxels.size() || lesion.voxels[i + 1][0] != z) {
      hulls += hull_area(std::move(corners));
      corners.clear();
    }
  }
  return static_cast<double>(lesion.voxels.size()) / hulls;
}

}  // namespace

const std::vector<std::string>& shape_names() {
  static const std::vector<std::string> names{
      "shape_log_volume", "shape_log_head_fraction", "shape_sphericity", "shape_elongation",
      "shape_flatness",   "shape_ellipsoid_fill",    "shape_log_length", "shape_solidity"};
  return names;
}

std::vector<double> shape_descriptors(const Lesion& lesion, int64_t head_count) {
  const auto count = static_cast<double>(lesion.voxels.size());
  const double volume = count * lesion.grid.voxel_volume();
  const double head_fraction = head_count > 0 ? std::log(count / static_cast<double>(head_count))
                                              : std::numeric_limits<double>::quiet_NaN();
  const double sphericity =
      std::cbrt(std::numbers::pi) * std::pow(6 * volume, 2.0 / 3.0) / surface_area(lesion);
  const Eigen::Vector3d variance = principal_variances(lesion);
  // A solid ellipsoid's half axis is sqrt(5) deviations.
  const double ellipsoid = 4.0 / 3.0 * std::numbers::pi * std::pow(5.0, 1.5) * std::sqrt(variance.prod());
  return {std::log(volume / 1000),
          head_fraction,
          sphericity,
          std::sqrt(variance[1] / variance[0]),
          std::sqrt(variance[2] / variance[0]),
          volume / ellipsoid,
          std::log(2 * std::sqrt(5 * variance[0])),
          slice_solidity(lesion)};
}

}  // namespace photo51::radiomics

#include "preprocess/geometry/affine.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "photo51/core/error.hpp"

namespace photo51::preprocess {
namespace {

using Matrix = std::array<double, 9>;

Matrix multiply(const Matrix& a, const Matrix& b) {
  Matrix product{};
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j)
      for (size_t k = 0; k < 3; ++k) product[3 * i + j] += a[3 * i + k] * b[3 * k + j];
  return product;
}

std::array<double, 3> multiply(const Matrix& a, const std::array<double, 3>& v) {
  return {a[0] * v[0] + a[1] * v[1] + a[2] * v[2], a[3] * v[0] + a[4] * v[1] + a[5] * v[2],
          a[6] * v[0] + a[7] * v[1] + a[8] * v[2]};
}

Matrix rotation(const std::array<double, 3>& degrees) {
  std::array<double, 3> c{}, s{};
  for (size_t i = 0; i < 3; ++i) {
    const double angle = degrees[i] * std::numbers::pi / 180;
    c[i] = std::cos(angle);
    s[i] = std::sin(angle);
  }
  const Matrix about_x{1, 0, 0, 0, c[0], -s[0], 0, s[0], c[0]};
  const Matrix about_y{c[1], 0, s[1], 0, 1, 0, -s[1], 0, c[1]};
  const Matrix about_z{c[2], -s[2], 0, s[2], c[2], 0, 0, 0, 1};
  return multiply(about_z, multiply(about_y, about_x));
}

}  // namespace

AffineMap compose(const AffineMap& after, const AffineMap& before) {
  AffineMap map;
  map.matrix = multiply(after.matrix, before.matrix);
  map.offset = transform(after, before.offset);
  return map;
}

std::array<double, 3> transform(const AffineMap& map, const std::array<double, 3>& point) {
  auto moved = multiply(map.matrix, point);
  for (size_t i = 0; i < 3; ++i) moved[i] += map.offset[i];
  return moved;
}

AffineMap inverse(const AffineMap& map) {
  const auto& m = map.matrix;
  const Matrix cofactors{m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
                         m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
                         m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]};
  const double determinant = m[0] * cofactors[0] + m[1] * cofactors[3] + m[2] * cofactors[6];
  if (!(std::abs(determinant) > 1e-12))
    core::fail_data("the geometry flattens space: a voxel size is 0 or two axes point the same way");
  AffineMap result;
  for (size_t i = 0; i < 9; ++i) result.matrix[i] = cofactors[i] / determinant;
  const auto moved = multiply(result.matrix, map.offset);
  for (size_t i = 0; i < 3; ++i) result.offset[i] = -moved[i];
  return result;
}

AffineMap world_of(const imaging::Geometry& geometry) {
  AffineMap map;
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j)
      map.matrix[3 * i + j] = geometry.direction[3 * i + j] * geometry.spacing[j];
  map.offset = geometry.origin;
  return map;
}

AffineMap augmentation_map(const imaging::Geometry& geometry, const Augmentation& augmentation) {
  std::array<double, 3> centre{};
  for (size_t i = 0; i < 3; ++i) centre[i] = static_cast<double>(geometry.size[i] - 1) / 2;
  AffineMap flip;
  for (size_t i = 0; i < 3; ++i) {
    if (!augmentation.flip[i]) continue;
    flip.matrix[4 * i] = -1;
    flip.offset[i] = 2 * centre[i];
  }
  if (!augmentation.affine) return flip;
  auto degrees = augmentation.rotate;
  auto translate = augmentation.translate;
  std::array<double, 3> scale{augmentation.scale, augmentation.scale, augmentation.scale};
  if (geometry.size[2] == 1) {  // one slice stays in its plane
    degrees[0] = degrees[1] = 0;
    translate[2] = 0;
    scale[2] = 1;
  }
  AffineMap forward;  // where content goes, in mm about the centre
  forward.matrix = rotation(degrees);
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) forward.matrix[3 * i + j] *= scale[j];
  forward.offset = translate;
  AffineMap to_mm, to_index;
  for (size_t i = 0; i < 3; ++i) {
    to_mm.matrix[4 * i] = geometry.spacing[i];
    to_mm.offset[i] = -centre[i] * geometry.spacing[i];
    to_index.matrix[4 * i] = 1 / geometry.spacing[i];
    to_index.offset[i] = centre[i];
  }
  return compose(to_index, compose(inverse(forward), compose(to_mm, flip)));
}

ops::DisplacementGrid elastic_voxels(const imaging::Geometry& geometry, const Augmentation& augmentation) {
  ops::DisplacementGrid grid = augmentation.elastic;
  if (grid.values.empty()) return {};
  if (geometry.size[2] == 1) {
    const int64_t plane = grid.points[0] * grid.points[1];
    const int64_t middle = grid.points[2] / 2;
    std::vector<float> flat(static_cast<size_t>(3 * plane), 0.0F);
    for (int64_t direction = 0; direction < 2; ++direction)
      std::copy_n(grid.values.begin() + (direction * grid.points[2] + middle) * plane, plane,
                  flat.begin() + direction * plane);
    grid.points[2] = 1;
    grid.values = std::move(flat);
  }
  AffineMap to_voxels;
  for (size_t i = 0; i < 3; ++i) to_voxels.matrix[4 * i] = 1 / geometry.spacing[i];
  return turned(to_voxels, std::move(grid));
}

ops::DisplacementGrid turned(const AffineMap& map, ops::DisplacementGrid grid) {
  const size_t points = grid.values.size() / 3;
  for (size_t i = 0; i < points; ++i) {
    const std::array<double, 3> place{static_cast<double>(grid.values[i]),
                                      static_cast<double>(grid.values[points + i]),
                                      static_cast<double>(grid.values[2 * points + i])};
    const auto moved = multiply(map.matrix, place);
    for (size_t a = 0; a < 3; ++a) grid.values[a * points + i] = static_cast<float>(moved[a]);
  }
  return grid;
}

}  // namespace photo51::preprocess

#include <algorithm>
#include <cmath>
#include <numbers>

#include "photo51/core/error.hpp"
#include "radiomics/pyradiomics/common.hpp"
#include "radiomics/shape/hull.hpp"
#include "radiomics/shape/mesh.hpp"
#include "radiomics/shape/principal_axes.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

/// The mesh's vertices in half voxels: between a voxel inside and one outside that touch by a face.
std::vector<Place> surface(const Mask& mask, const Grid& grid) {
  std::vector<Place> vertices;
  const Place strides{grid.slice(), grid.size[2], 1};
  const uint8_t* voxel = mask.data();
  for (int64_t z = 0; z < grid.size[0]; ++z) {
    for (int64_t y = 0; y < grid.size[1]; ++y) {
      for (int64_t x = 0; x < grid.size[2]; ++x, ++voxel) {
        if (*voxel == 0) continue;
        const Place at{z, y, x};
        for (int axis = 0; axis < 3; ++axis) {
          for (const int64_t side : {-1, 1}) {
            const int64_t next = at[axis] + side;
            if (next >= 0 && next < grid.size[axis] && voxel[side * strides[axis]]) continue;
            Place vertex{2 * z, 2 * y, 2 * x};
            vertex[axis] += side;
            vertices.push_back(vertex);
          }
        }
      }
    }
  }
  return vertices;
}

/// The largest distance in mm between vertices of one plane across `axis`.
double diameter_across(const std::vector<Place>& vertices, const Grid& grid, int axis) {
  const int row = axis == 0 ? 1 : 0, along = axis == 2 ? 1 : 2;
  const double tall = grid.spacing[row] / 2, wide = grid.spacing[along] / 2;
  // The two lie at the ends of rows of the plane, and of the vertices at either end no other than those where
  // the outline turns outwards.
  struct Ends {
    int64_t first, last;
  };
  const int64_t rows = 2 * grid.size[row] + 1, planes = 2 * grid.size[axis] + 1;
  constexpr int64_t kFar = int64_t{1} << 40;
  std::vector<Ends> ends(rows * planes, {kFar, -kFar});
  for (const Place& vertex : vertices) {
    Ends& of = ends[(vertex[axis] + 1) * rows + vertex[row] + 1];
    of.first = std::min(of.first, vertex[along]);
    of.last = std::max(of.last, vertex[along]);
  }
  using Corner = std::array<int64_t, 2>;  // row, along
  const auto turns_in = [](const Corner& a, const Corner& b, const Corner& c, int64_t side) {
    return side * ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) <= 0;
  };
  double most = 0;
  std::vector<Corner> corners;
  for (int64_t plane = 0; plane < planes; ++plane) {
    corners.clear();
    for (const int64_t side : {-1, 1}) {
      const size_t begin = corners.size();
      for (int64_t i = 0; i < rows; ++i) {
        const Ends& of = ends[plane * rows + i];
        if (of.first == kFar) continue;
        const Corner corner{i, side < 0 ? of.first : of.last};
        while (corners.size() >= begin + 2 && turns_in(corners.end()[-2], corners.back(), corner, -side))
          corners.pop_back();
        corners.push_back(corner);
      }
    }
    for (size_t i = 0; i < corners.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const double a = static_cast<double>(corners[i][0] - corners[j][0]) * tall;
        const double b = static_cast<double>(corners[i][1] - corners[j][1]) * wide;
        most = std::max(most, a * a + b * b);
      }
    }
  }
  return std::sqrt(most);
}

/// Of a slice by marching squares.
struct Outline {
  double perimeter = 0, surface = 0;  ///< mm, mm²
};

/// Lines of each of the 16 squares as pairs of edges, an edge a digit. Corner c, counted clockwise, is inside
/// where bit c is set.
constexpr std::array<const char*, 16> kLines{"",   "30", "01",   "31", "12", "1230", "02", "32",
                                             "23", "20", "0123", "21", "13", "10",   "03", ""};

Outline outline_of(const Mask& mask, const Grid& slice) {
  constexpr std::array<std::array<double, 2>, 4> kMiddles{{{0, 0.5}, {0.5, 1}, {1, 0.5}, {0.5, 0}}};
  const auto inside = [&](int64_t y, int64_t x) {
    return y >= 0 && y < slice.size[1] && x >= 0 && x < slice.size[2] && mask[slice.at(0, y, x)] ? 1 : 0;
  };
  Outline outline;
  for (int64_t y = -1; y < slice.size[1]; ++y) {
    for (int64_t x = -1; x < slice.size[2]; ++x) {
      const int code =
          inside(y, x) | inside(y, x + 1) << 1 | inside(y + 1, x + 1) << 2 | inside(y + 1, x) << 3;
      const auto middle = [&](char edge) {
        const auto& at = kMiddles[edge - '0'];
        return std::array<double, 2>{(static_cast<double>(y) + at[0]) * slice.spacing[1],
                                     (static_cast<double>(x) + at[1]) * slice.spacing[2]};
      };
      for (const char* line = kLines[code]; *line != 0; line += 2) {
        const auto a = middle(line[0]), b = middle(line[1]);
        outline.perimeter += std::hypot(a[0] - b[0], a[1] - b[1]);
        outline.surface += (a[0] * b[1] - b[0] * a[1]) / 2;
      }
    }
  }
  return outline;
}

double root_ratio(double above, double below) {
  return std::sqrt(above / below);
}

}  // namespace

Values shape(const Region& region) {
  const Mesh mesh = mesh_of(region.shape, region.grid, Cubes::mirrored);
  const PrincipalAxes axes = principal_axes(region.shape, region.grid);
  const std::vector<Place> vertices = surface(region.shape, region.grid);
  const Point& variance = axes.variance;
  const double cubes = mesh.area * mesh.area * mesh.area, squares = mesh.volume * mesh.volume;
  const double sphericity = std::cbrt(36 * std::numbers::pi * squares) / mesh.area;
  return {{"Compactness1", mesh.volume / std::sqrt(std::numbers::pi * cubes)},
          {"Compactness2", 36 * std::numbers::pi * squares / cubes},
          {"Elongation", root_ratio(variance[1], variance[0])},
          {"Flatness", root_ratio(variance[2], variance[0])},
          {"LeastAxisLength", 4 * std::sqrt(variance[2])},
          {"MajorAxisLength", 4 * std::sqrt(variance[0])},
          {"Maximum2DDiameterColumn", diameter_across(vertices, region.grid, 1)},
          {"Maximum2DDiameterRow", diameter_across(vertices, region.grid, 2)},
          {"Maximum2DDiameterSlice", diameter_across(vertices, region.grid, 0)},
          {"Maximum3DDiameter", diameter(convex_hull(region.shape, region.grid))},
          {"MeshVolume", mesh.volume},
          {"MinorAxisLength", 4 * std::sqrt(variance[1])},
          {"SphericalDisproportion", 1 / sphericity},
          {"Sphericity", sphericity},
          {"SurfaceArea", mesh.area},
          {"SurfaceVolumeRatio", mesh.area / mesh.volume},
          {"VoxelVolume", static_cast<double>(axes.count) * region.grid.voxel_volume()}};
}

Values shape_2d(const Region& region, const Pyradiomics& settings) {
  const auto across = static_cast<int>(settings.force_2d_dimension);
  if (!settings.force_2d || region.grid.size[across] != 1)
    core::fail_data(
        "`pyradiomics.featureClass` shape2D needs `force2D` and a region of one slice across "
        "`force2Ddimension`; this one has " +
        std::to_string(region.grid.size[across]));
  // The same voxels in the same order, the slice's axis first.
  const int row = across == 0 ? 1 : 0, along = across == 2 ? 1 : 2;
  const Grid slice{{1, region.grid.size[row], region.grid.size[along]},
                   {1, region.grid.spacing[row], region.grid.spacing[along]}};
  const Outline outline = outline_of(region.shape, slice);
  const PrincipalAxes axes = principal_axes(region.shape, slice);
  const double pi = std::numbers::pi;
  const double widest = diameter_across(surface(region.shape, slice), slice, 0);
  return {{"Elongation", root_ratio(axes.variance[1], axes.variance[0])},
          {"MajorAxisLength", 4 * std::sqrt(axes.variance[0])},
          {"MaximumDiameter", widest},
          {"MeshSurface", outline.surface},
          {"MinorAxisLength", 4 * std::sqrt(axes.variance[1])},
          {"Perimeter", outline.perimeter},
          {"PerimeterSurfaceRatio", outline.perimeter / outline.surface},
          {"PixelSurface", static_cast<double>(axes.count) * slice.voxel_volume()},
          {"SphericalDisproportion", outline.perimeter / (2 * std::sqrt(pi * outline.surface))},
          {"Sphericity", 2 * std::sqrt(pi * outline.surface) / outline.perimeter}};
}

}  // namespace photo51::radiomics::pyradiomics

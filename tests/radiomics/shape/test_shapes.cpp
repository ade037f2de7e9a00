// Meshes, hulls and what encloses them, on shapes whose measures are known.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "radiomics/shape/hull.hpp"
#include "radiomics/shape/mesh.hpp"
#include "radiomics/shape/principal_axes.hpp"

namespace photo51::radiomics {
namespace {

const double kPi = std::numbers::pi;

Mask filled(const Grid& grid, auto&& inside) {
  Mask mask;
  for (int64_t voxel = 0; voxel < grid.count(); ++voxel) mask.push_back(inside(grid.place(voxel)) ? 1 : 0);
  return mask;
}

/// About a third of the voxels, with many that touch by edges or corners only.
Mask scattered(const Grid& grid, int seed) {
  std::mt19937 random(seed);
  return filled(grid, [&](const Place&) { return random() % 3 == 0; });
}

TEST(Mesh, OfOneVoxelIsAnOctahedron) {
  const Grid grid{{1, 1, 1}, {2, 3, 4}};
  const Mesh mesh = mesh_of({1}, grid);
  EXPECT_NEAR(mesh.volume, 2 * 3 * 4 / 6.0, 1e-12);
  // Eight triangles with half axes 1, 1.5 and 2.
  EXPECT_NEAR(mesh.area, 8 * 0.5 * std::sqrt(1.5 * 1.5 * 4 + 1 * 4 + 1.5 * 1.5), 1e-12);
}

TEST(Mesh, OfAVoxelTakenOutOfABoxIsSmallerByThatVoxel) {
  const Grid grid{{5, 5, 5}, {1, 1, 1}};
  const Mesh whole = mesh_of(Mask(125, 1), grid);
  Mask hollow(125, 1);
  hollow[grid.at(2, 2, 2)] = 0;
  const Mesh mesh = mesh_of(hollow, grid), voxel = mesh_of({1}, {{1, 1, 1}, {1, 1, 1}});
  EXPECT_NEAR(mesh.volume, whole.volume - voxel.volume, 1e-12);
  EXPECT_NEAR(mesh.area, whole.area + voxel.area, 1e-12);
}

TEST(Mesh, ClosedHasNoHolesAndMirroredHas) {
  // What a volume by the divergence theorem is worth does not depend on where a closed surface lies.
  const auto spread = [](Cubes cubes) {
    double most = 0;
    for (int seed = 0; seed < 20; ++seed) {
      const Grid grid{{6, 7, 8}, {2, 1, 0.5}};
      const Mask mask = scattered(grid, seed);
      // A voxel far off moves the box, and with it the point that the volume is measured from.
      const Grid larger{{15, 7, 8}, grid.spacing};
      Mask shifted(larger.count(), 0);
      std::copy(mask.begin(), mask.end(), shifted.begin() + 5 * larger.slice());
      shifted[0] = 1;
      const double voxel = mesh_of({1}, {{1, 1, 1}, grid.spacing}).volume;
      const double alone = mesh_of(mask, grid, cubes).volume;
      const double moved = mesh_of(shifted, larger, cubes).volume - voxel;
      most = std::max(most, std::abs(alone - moved));
    }
    return most;
  };
  EXPECT_LT(spread(Cubes::closed), 1e-9);
  EXPECT_GT(spread(Cubes::mirrored), 0.01);
}

TEST(Mesh, OfABallApproachesItsVolume) {
  const Grid grid{{41, 41, 41}, {1, 1, 1}};
  const auto ball = [](const Place& at) {
    return dot(minus(at, {20, 20, 20}), minus(at, {20, 20, 20})) <= 225;
  };
  EXPECT_NEAR(mesh_of(filled(grid, ball), grid).volume, 4 / 3.0 * kPi * 15 * 15 * 15, 150);
}

/// A box with edges along (4, 3, 0), (-3, 4, 0) and (0, 0, 1), which lie in no plane of the grid.
std::vector<Place> turned_box(int64_t a, int64_t b, int64_t c) {
  std::vector<Place> points;
  for (const int64_t i : {int64_t{0}, a})
    for (const int64_t j : {int64_t{0}, b})
      for (const int64_t k : {int64_t{0}, c}) points.push_back({k, 3 * i + 4 * j, 4 * i - 3 * j});
  return points;
}

TEST(Hull, OfATurnedBoxHasItsMeasures) {
  std::vector<Place> points = turned_box(2, 3, 5);  // edges of 10, 15 and 5
  points.push_back({1, 9, 1});                      // inside
  points.push_back({0, 3, 4});                      // on an edge
  const Hull hull = convex_hull(points, {1, 1, 1});
  EXPECT_NEAR(volume(hull), 10 * 15 * 5, 1e-9);
  EXPECT_NEAR(area(hull), 2 * (10 * 15 + 15 * 5 + 5 * 10), 1e-9);
  EXPECT_NEAR(diameter(hull), std::sqrt(100 + 225 + 25), 1e-12);
}

TEST(Hull, ContainsEveryPointAndIsClosed) {
  for (int seed = 0; seed < 30; ++seed) {
    const Grid grid{{7, 6, 9}, {3, 1, 0.7}};
    const Hull hull = convex_hull(scattered(grid, seed), grid);
    // Euler: a closed surface of triangles has two facets a vertex, less four.
    EXPECT_EQ(hull.facets.size(), 2 * hull.vertices.size() - 4);
    for (const auto& [a, b, c] : hull.facets) {
      const Point& from = hull.vertices[a];
      const Point normal = cross(minus(hull.vertices[b], from), minus(hull.vertices[c], from));
      EXPECT_GT(dot(normal, normal), 0);
      for (const Point& point : hull.vertices) EXPECT_LE(dot(minus(point, from), normal), 1e-9);
    }
  }
}

TEST(Hull, OfAConvexMeshIsTheMesh) {
  const Grid grid{{4, 1, 1}, {2, 3, 4}};
  const Hull hull = convex_hull(Mask(4, 1), grid);
  const Mesh mesh = mesh_of(Mask(4, 1), grid);
  EXPECT_NEAR(volume(hull), mesh.volume, 1e-9);
  EXPECT_NEAR(area(hull), mesh.area, 1e-9);
}

TEST(SmallestBox, OfATurnedBoxIsTheBox) {
  const Extent box = smallest_box(convex_hull(turned_box(2, 3, 5), {1, 1, 1}));
  EXPECT_NEAR(box.volume, 10 * 15 * 5, 1e-6);
  EXPECT_NEAR(box.area, 2 * (10 * 15 + 15 * 5 + 5 * 10), 1e-6);
}

TEST(SmallestBox, OfATetrahedronLiesOnNoFacet) {
  // A regular tetrahedron with edges of 2 √2: the cube of side 2 around it, two edges in opposite faces, is
  // smaller than any box on a facet.
  const Hull hull = convex_hull({{0, 0, 0}, {2, 2, 0}, {2, 0, 2}, {0, 2, 2}}, {1, 1, 1});
  EXPECT_NEAR(smallest_box(hull).volume, 8, 1e-6);
}

TEST(SmallestEllipsoid, OfABoxHasItsProportions) {
  const Extent around = smallest_ellipsoid(convex_hull(turned_box(2, 3, 5), {1, 1, 1}));
  const double scale = std::sqrt(3) / 2;
  const Extent expected = ellipsoid(scale * 15, scale * 10, scale * 5);
  EXPECT_NEAR(around.volume / expected.volume, 1, 1e-5);
  EXPECT_NEAR(around.area / expected.area, 1, 1e-5);
}

TEST(SmallestEllipsoid, OfAnEllipsoidsPointsIsThatEllipsoid) {
  std::vector<Place> points;
  for (int i = 0; i <= 20; ++i) {
    for (int j = 0; j < 40; ++j) {
      const double polar = kPi * i / 20, around = 2 * kPi * j / 40;
      points.push_back({std::lround(8000 * std::cos(polar)),
                        std::lround(5000 * std::sin(polar) * std::cos(around)),
                        std::lround(3000 * std::sin(polar) * std::sin(around))});
    }
  }
  const Extent found = smallest_ellipsoid(convex_hull(points, {1e-3, 1e-3, 1e-3}));
  const Extent expected = ellipsoid(8, 5, 3);
  EXPECT_NEAR(found.volume / expected.volume, 1, 1e-2);
  EXPECT_NEAR(found.area / expected.area, 1, 1e-2);
}

TEST(Ellipsoid, OfEqualAxesIsABallAndOfTwoASpheroid) {
  EXPECT_NEAR(ellipsoid(2, 2, 2).area, 16 * kPi, 1e-12);
  EXPECT_NEAR(ellipsoid(2, 2, 2).volume, 32 * kPi / 3, 1e-12);
  // Prolate: 2 π a (a + c asin(e) / e) of the short half axis a.
  const double e = std::sqrt(1 - 1 / 4.0);
  EXPECT_NEAR(ellipsoid(2, 1, 1).area, 2 * kPi * (1 + 2 / e * std::asin(e)), 1e-9);
  EXPECT_NEAR(ellipsoid(2, 2, 1).area, 2 * kPi * (4 + std::atanh(e) / e), 1e-9);
}

TEST(PrincipalAxes, OfABoxOfVoxels) {
  const Grid grid{{2, 5, 7}, {3, 2, 1}};
  Mask mask(grid.count(), 1);
  const PrincipalAxes axes = principal_axes(mask, grid);
  EXPECT_EQ(axes.count, 70);
  EXPECT_NEAR(axes.centre[0], 1.5, 1e-12);
  EXPECT_NEAR(axes.centre[1], 4, 1e-12);
  EXPECT_NEAR(axes.centre[2], 3, 1e-12);
  // n equal steps of s have the variance s² (n² - 1) / 12.
  EXPECT_NEAR(axes.variance[0], 4 * 24 / 12.0, 1e-12);
  EXPECT_NEAR(axes.variance[1], 48 / 12.0, 1e-12);
  EXPECT_NEAR(axes.variance[2], 9 * 3 / 12.0, 1e-12);
}

}  // namespace
}  // namespace photo51::radiomics

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "photo51/evaluation/segmentation.hpp"

namespace photo51::evaluation {
namespace {

/// A box of voxels from `first` on, in a mask of this size.
at::Tensor box_in(at::IntArrayRef size, const std::vector<int64_t>& first,
                  const std::vector<int64_t>& edges) {
  at::Tensor mask = at::zeros(size, at::kBool);
  at::Tensor part = mask;
  for (size_t axis = 0; axis < first.size(); ++axis)
    part = part.narrow(static_cast<int64_t>(axis), first[axis], edges[axis]);
  part.fill_(true);
  return mask;
}

/// Two boxes that are apart by 3 voxels of 2 mm along z: all surfaces but the near ones are farther off.
TEST(Surface, OfShiftedBoxes) {
  const std::vector<double> spacing{2, 1, 1};
  const at::Tensor truth = box_in({12, 8, 8}, {1, 2, 2}, {4, 3, 3}),
                   predicted = box_in({12, 8, 8}, {4, 2, 2}, {4, 3, 3});
  for (const auto surface : {Surface::cubes, Surface::voxels}) {
    const auto distances = surface_distances(predicted, truth, spacing, surface);
    EXPECT_DOUBLE_EQ(hausdorff(distances, 100), 6);
    EXPECT_DOUBLE_EQ(surface_dice(distances, 6), 1);
    EXPECT_GT(surface_dice(distances, 0), 0);  // the sides of both where they overlap
    EXPECT_LT(surface_dice(distances, 5.9), 1);
  }
  const auto same = surface_distances(truth, truth, spacing);
  EXPECT_EQ(hausdorff(same), 0);
  EXPECT_EQ(average_surface_distance(same), 0);
  EXPECT_EQ(surface_dice(same, 0), 1);
}

/// A voxel has an octahedron for a surface: 8 triangles about the corners of an edge of 1/2 voxel.
TEST(Surface, HasTheAreasOfMarchingCubes) {
  const std::vector<double> spacing{3, 2, 0.5};
  const at::Tensor voxel = box_in({3, 3, 3}, {1, 1, 1}, {1, 1, 1});
  const auto distances = surface_distances(voxel, voxel, spacing);
  ASSERT_EQ(distances.truth.weight.size(), 8U);
  const double triangle = std::sqrt(std::pow(3 * 2, 2) + std::pow(3 * 0.5, 2) + std::pow(2 * 0.5, 2)) / 8;
  for (const double weight : distances.truth.weight) EXPECT_NEAR(weight, triangle, 1e-12);
  // A mask has the surface of its complement where it does not end at the grid's border.
  const auto area = [&](const at::Tensor& mask) {
    const auto weights = surface_distances(mask, mask, spacing).truth.weight;
    return std::accumulate(weights.begin(), weights.end(), 0.0);
  };
  const at::Tensor noise = (at::arange(5 * 6 * 7, at::kLong) * 7919 % 101 % 2).to(at::kBool).view({5, 6, 7});
  const at::Tensor inner = at::constant_pad_nd(noise, {1, 1, 1, 1, 1, 1}, 0);
  EXPECT_NEAR(area(inner), area(inner.logical_not()) - area(at::ones_like(inner)), 1e-9);
  EXPECT_NEAR(area(inner), area(noise), 1e-9);  // what lies beyond the grid is outside
}

/// On a plane a rectangle of 2 x 3 pixels of 1 x 4 mm: sides between the cut corners.
TEST(Surface, HasTheLengthsOfContours) {
  const std::vector<double> spacing{1, 4};
  const at::Tensor mask = box_in({4, 5}, {1, 1}, {2, 3});
  const auto weights = surface_distances(mask, mask, spacing).truth.weight;
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 2 * (1 * 1 + 2 * 4) + 2 * std::sqrt(17),
              1e-12);
  // Two pixels that touch at a corner: there both corners are cut.
  at::Tensor diagonal = at::zeros({2, 2}, at::kBool);
  diagonal[0][0] = diagonal[1][1] = true;
  const auto crossed = surface_distances(diagonal, diagonal, spacing).truth.weight;
  EXPECT_NEAR(std::accumulate(crossed.begin(), crossed.end(), 0.0), 8 * std::sqrt(17) / 2, 1e-12);
}

TEST(Surface, OfEmptyMasks) {
  const std::vector<double> spacing{1, 1, 1};
  const at::Tensor some = box_in({5, 5, 5}, {1, 1, 1}, {2, 2, 2}), none = at::zeros_like(some);
  for (const auto surface : {Surface::cubes, Surface::voxels}) {
    for (const auto& distances :
         {surface_distances(none, some, spacing, surface), surface_distances(some, none, spacing, surface)}) {
      EXPECT_TRUE(std::isinf(hausdorff(distances)));
      EXPECT_TRUE(std::isinf(average_surface_distance(distances)));
      EXPECT_EQ(surface_dice(distances, 1e6), 0);
    }
    const auto neither = surface_distances(none, none, spacing, surface);
    EXPECT_TRUE(std::isnan(hausdorff(neither)));
    EXPECT_TRUE(std::isnan(average_surface_distance(neither)));
    EXPECT_TRUE(std::isnan(surface_dice(neither, 1)));
  }
}

TEST(Surface, PercentilesOfBothDefinitions) {
  SurfaceDistances distances;
  distances.predicted = {{0, 1, 2, 4}, {1, 1, 1, 7}};
  distances.truth = {{0, 3}, {9, 1}};
  EXPECT_EQ(hausdorff(distances, 30), 2);  // three tenths of the area lie up to 2
  EXPECT_EQ(hausdorff(distances, 31), 4);
  EXPECT_EQ(hausdorff(distances, 20), 1);
  EXPECT_DOUBLE_EQ(average_surface_distance(distances), (1 + 2 + 28 + 3) / 20.0);
  EXPECT_DOUBLE_EQ(surface_dice(distances, 2), 12.0 / 20);
  distances.surface = Surface::voxels;
  EXPECT_DOUBLE_EQ(hausdorff(distances, 50), 1.5);
  EXPECT_DOUBLE_EQ(hausdorff(distances, 90), 3.4);
  EXPECT_EQ(hausdorff(distances, 100), 4);
}

}  // namespace
}  // namespace photo51::evaluation

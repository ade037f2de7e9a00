#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "radiomics/region/moments.hpp"
#include "radiomics/region/voxels.hpp"

namespace photo51::radiomics {
namespace {

/// Distance to the nearest zero voxel by looking at all of them, the grid padded by one voxel when asked.
double brute_distance(const Mask& mask, const Grid& grid, std::array<int64_t, 3> from, bool border) {
  const int64_t pad = border ? 1 : 0;
  double best = std::numeric_limits<double>::infinity();
  for (int64_t z = -pad; z < grid.size[0] + pad; ++z) {
    for (int64_t y = -pad; y < grid.size[1] + pad; ++y) {
      for (int64_t x = -pad; x < grid.size[2] + pad; ++x) {
        const bool outside =
            z < 0 || y < 0 || x < 0 || z >= grid.size[0] || y >= grid.size[1] || x >= grid.size[2];
        if (!outside && mask[grid.at(z, y, x)]) continue;
        best = std::min(best, std::hypot((z - from[0]) * grid.spacing[0], (y - from[1]) * grid.spacing[1],
                                         (x - from[2]) * grid.spacing[2]));
      }
    }
  }
  return best;
}

TEST(Distance, AgreesWithLookingAtEveryVoxel) {
  const Grid grid{{5, 9, 8}, {4.5, 1.25, 2.0}};
  Mask mask(grid.count());
  for (int64_t i = 0; i < grid.count(); ++i) mask[i] = (i * 7919) % 31 > 2;
  for (const bool border : {false, true}) {
    const auto distance = distance_to_outside(mask, grid, border);
    for (int64_t z = 0; z < 5; ++z) {
      for (int64_t y = 0; y < 9; ++y) {
        for (int64_t x = 0; x < 8; ++x) {
          ASSERT_NEAR(distance[grid.at(z, y, x)], brute_distance(mask, grid, {z, y, x}, border), 1e-9);
        }
      }
    }
  }
}

TEST(Distance, OfAFullMaskIsToTheBorder) {
  const Grid grid{{3, 3, 3}, {2, 1, 1}};
  const auto distance = distance_to_outside(Mask(27, 1), grid, true);
  EXPECT_DOUBLE_EQ(distance[grid.at(1, 1, 1)], 2);
  EXPECT_DOUBLE_EQ(distance[grid.at(0, 0, 0)], 1);
}

TEST(LargestComponent, KeepsThePieceThatTouchesByFaces) {
  const Grid grid{{1, 3, 5}, {1, 1, 1}};
  const Mask mask{1, 1, 0, 0, 0,  //
                  0, 0, 1, 1, 0,  //
                  0, 0, 0, 1, 0};
  const Mask expected{0, 0, 0, 0, 0,  //
                      0, 0, 1, 1, 0,  //
                      0, 0, 0, 1, 0};
  EXPECT_EQ(largest_component(mask, grid), expected);
  EXPECT_EQ(largest_component(Mask(15, 0), grid), Mask(15, 0));
}

TEST(FillSliceHoles, FillsOnlyWhatIsEnclosed) {
  const Grid grid{{1, 4, 5}, {1, 1, 1}};
  Mask mask{1, 1, 1, 0, 0,  //
            1, 0, 1, 1, 1,  //
            1, 1, 1, 1, 0,  //
            0, 0, 0, 1, 1};
  const Mask expected{1, 1, 1, 0, 0,  //
                      1, 1, 1, 1, 1,  //
                      1, 1, 1, 1, 0,  //
                      0, 0, 0, 1, 1};
  fill_slice_holes(mask, grid);
  EXPECT_EQ(mask, expected);
}

TEST(Smooth, KeepsTheSumAndTheVarianceOfAnImpulse) {
  const Grid grid{{21, 1, 1}, {2.0, 1e9, 1e9}};
  std::vector<double> values(21, 0.0);
  values[10] = 1;
  smooth(values, grid, 3.0);
  double sum = 0, variance = 0;
  for (int i = 0; i < 21; ++i) {
    sum += values[i];
    variance += values[i] * std::pow(2.0 * (i - 10), 2);
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_NEAR(variance, 9, 0.05);
}

TEST(Difference, IsCentralInsideAndOneSidedAtTheEnds) {
  const Grid grid{{1, 1, 4}, {1, 1, 0.5}};
  const std::vector<double> values{0, 1, 4, 9};
  EXPECT_DOUBLE_EQ(difference(values, grid, {0, 0, 0}, 2), 2);
  EXPECT_DOUBLE_EQ(difference(values, grid, {0, 0, 1}, 2), 4);
  EXPECT_DOUBLE_EQ(difference(values, grid, {0, 0, 3}, 2), 10);
  EXPECT_DOUBLE_EQ(difference(values, grid, {0, 0, 1}, 0), 0);
}

TEST(Percentile, InterpolatesBetweenOrderStatistics) {
  EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 50), 2.5);
  EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 0), 1);
  EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 100), 4);
  EXPECT_DOUBLE_EQ(percentile({10, 20}, 10), 11);
  EXPECT_TRUE(std::isnan(percentile({}, 50)));
}

TEST(Moments, OfKnownSamples) {
  const Moments m = moments({1, 1, 1, 5});
  EXPECT_DOUBLE_EQ(m.mean, 2);
  EXPECT_DOUBLE_EQ(m.deviation, std::sqrt(3.0));
  EXPECT_NEAR(m.skewness, 6 / std::pow(3.0, 1.5), 1e-12);
  EXPECT_NEAR(m.kurtosis, 21.0 / 9, 1e-12);
  EXPECT_EQ(moments({7, 7}).skewness, 0);
  EXPECT_TRUE(std::isnan(moments({}).mean));
  EXPECT_TRUE(std::isnan(moments({}).kurtosis));
}

}  // namespace
}  // namespace photo51::radiomics

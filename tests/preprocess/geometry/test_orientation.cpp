#include "photo51/preprocess/geometry/orientation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "preprocess/cases.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::HasSubstr;

/// x towards the back, y towards the feet, z towards the left.
imaging::Geometry sagittal() {
  imaging::Geometry g;
  g.size = {5, 4, 3};
  g.spacing = {1, 2, 3};
  g.origin = {-10, 20, 30};
  g.direction = {0, 0, 1, 1, 0, 0, 0, -1, 0};
  return g;
}

imaging::Geometry oblique(double degrees) {
  const double c = std::cos(degrees * M_PI / 180), s = std::sin(degrees * M_PI / 180);
  imaging::Geometry g;
  g.size = {6, 5, 4};
  g.spacing = {0.8, 1.1, 2.5};
  g.origin = {7, -3, 12};
  g.direction = {-c, 0, s, 0, -1, 0, s, 0, c};
  return g;
}

TEST(Orientation, NamesTellWhereAxesPoint) {
  EXPECT_EQ(orientation_of({}), "LPS");
  EXPECT_EQ(orientation_of(sagittal()), "PIL");
  EXPECT_EQ(orientation_of(oblique(20)), "RAS");
  for (const char* name : {"LPS", "RAS", "PIR", "SLA"}) EXPECT_TRUE(is_orientation(name)) << name;
  for (const char* name : {"LPX", "LRS", "LP", "LPSI", "", "lps"}) EXPECT_FALSE(is_orientation(name)) << name;
}

TEST(Orientation, ReorderedVoxelsKeepTheirPlace) {
  for (const auto& geometry : {sagittal(), oblique(20), oblique(-50)})
    for (const char* name : {"LPS", "RAS", "PIR", "SLA"}) {
      const auto moved = reorient(test::world_field(geometry), name);
      EXPECT_EQ(orientation_of(moved.geometry), name);
      EXPECT_EQ(moved.data.size(1), moved.geometry.size[2]);
      EXPECT_EQ(moved.data.size(3), moved.geometry.size[0]);
      EXPECT_TRUE(moved.data.is_contiguous());
      const auto [error, count] = test::field_error(moved.data[0], moved.geometry);
      EXPECT_LT(error, 1e-3);
      EXPECT_EQ(count, moved.data.numel());
    }
}

TEST(Orientation, KnownVoxelOfASagittalScan) {
  auto scan = test::world_field(sagittal());
  const auto lps = reorient(scan, "LPS");
  EXPECT_EQ(lps.geometry.size, (std::array<int64_t, 3>{3, 5, 4}));
  EXPECT_EQ(lps.geometry.spacing, (std::array<double, 3>{3, 1, 2}));
  EXPECT_EQ(lps.geometry.origin, (std::array<double, 3>{-10, 20, 24}));  // the lowest of four slices of 2 mm
  EXPECT_EQ(lps.geometry.direction, imaging::Geometry{}.direction);
  // The file's voxel (x 4, y 0, z 2) is LPS voxel (2, 4, 3).
  EXPECT_EQ(lps.data[0][3][4][2].item<float>(), scan.data[0][2][0][4].item<float>());
}

TEST(Orientation, TurnedByAboutFortyFiveDegreesEveryAxisIsUsedOnce) {
  imaging::Geometry g = oblique(45);
  const auto name = orientation_of(g);
  EXPECT_TRUE(is_orientation(name)) << name;
}

TEST(Orientation, RefusesOtherNames) {
  PHOTO51_EXPECT_ERROR(reorient(imaging::Geometry{}, "XYZ"), usage, HasSubstr("`XYZ`"));
  PHOTO51_EXPECT_ERROR(reorient(test::world_field(sagittal()), "axial"), usage, HasSubstr("such as LPS"));
}

}  // namespace
}  // namespace photo51::preprocess

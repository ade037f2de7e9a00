#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "photo51/ops/scan.hpp"
#include "support/errors.hpp"

namespace photo51::ops {
namespace {

using ::testing::HasSubstr;

at::Tensor two_points(at::ScalarType type) {
  auto volume = at::zeros({2, 5, 6, 7}, type);
  volume[0][1][2][3] = 10;
  volume[1][3][4][1] = 20;
  return volume;
}

TEST(Scan, BoxHoldsEveryVoxelAboveTheThreshold) {
  for (const auto type :
       {at::kByte, at::kShort, at::kInt, at::kLong, at::kFloat, at::kDouble, at::kChar, at::kUInt16}) {
    const auto both = box_above(two_points(type), 9.5);
    ASSERT_TRUE(both.has_value()) << c10::toString(type);
    EXPECT_EQ(both->low, (std::array<int64_t, 3>{1, 2, 1}));
    EXPECT_EQ(both->high, (std::array<int64_t, 3>{3, 4, 3}));
    const auto one = box_above(two_points(type), 10);
    ASSERT_TRUE(one.has_value());
    EXPECT_EQ(one->low, (std::array<int64_t, 3>{1, 4, 3}));
    EXPECT_EQ(one->high, one->low);
    EXPECT_FALSE(box_above(two_points(type), 20).has_value());
  }
}

TEST(Scan, ThresholdBeyondTheTypeMeansAllOrNothing) {
  EXPECT_FALSE(box_above(two_points(at::kByte), 1e6).has_value());
  const auto all = box_above(two_points(at::kByte), -1);
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->high, (std::array<int64_t, 3>{6, 5, 4}));
}

TEST(Scan, NonzeroFindsNegativeLabelsToo) {
  auto labels = at::zeros({3, 3, 3}, at::kShort);
  EXPECT_FALSE(box_nonzero(labels).has_value());
  labels[2][0][1] = -4;
  ASSERT_TRUE(box_nonzero(labels).has_value());
  EXPECT_EQ(box_nonzero(labels)->low, (std::array<int64_t, 3>{1, 0, 2}));
}

TEST(Scan, CountsNaNAndInfinity) {
  auto volume = at::zeros({1, 2, 3, 4});
  EXPECT_EQ(count_nonfinite(volume), 0);
  volume[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  volume[0][1][2][3] = -std::numeric_limits<float>::infinity();
  volume[0][1][1][1] = std::numeric_limits<float>::max();
  EXPECT_EQ(count_nonfinite(volume), 2);
  EXPECT_EQ(count_nonfinite(volume.to(at::kDouble)), 2);
  EXPECT_EQ(count_nonfinite(at::ones({2, 2, 2}, at::kShort)), 0);
}

TEST(Scan, RefusesOtherTypesAndShapes) {
  PHOTO51_EXPECT_ERROR(box_nonzero(at::zeros({2, 2, 2}, at::kBool)), usage, HasSubstr("type Bool"));
  PHOTO51_EXPECT_ERROR(box_above(at::zeros({2, 2}), 0), usage, HasSubstr("[C, D, H, W]"));
}

}  // namespace
}  // namespace photo51::ops

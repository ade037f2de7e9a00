#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "photo51/core/error.hpp"
#include "photo51/imaging/volume.hpp"
#include "support/errors.hpp"

namespace photo51::imaging {
namespace {

using testing::HasSubstr;

/// Voxel axes: +x index runs to the back, +y index to the right, +z index up.
Geometry turned() {
  Geometry g;
  g.size = {4, 5, 6};
  g.spacing = {2, 3, 4};
  g.origin = {10, 20, 30};
  g.direction = {0, -1, 0, 1, 0, 0, 0, 0, 1};
  return g;
}

TEST(Geometry, MapsIndicesToWorld) {
  EXPECT_EQ(turned().to_world({1, 2, 3}), (std::array<double, 3>{10 - 6, 20 + 2, 30 + 12}));
  EXPECT_DOUBLE_EQ(turned().handedness(), 1);
}

TEST(Geometry, InvertsObliqueAndSheared) {
  Geometry g = turned();
  const double a = 0.3, b = -0.7;
  g.direction = {std::cos(a), -std::sin(a), 0.1, std::sin(a), std::cos(a), std::sin(b), 0, 0.2, std::cos(b)};
  const std::array<double, 3> index{1.25, -3.5, 7};
  const auto back = g.to_index(g.to_world(index));
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(back[i], index[i], 1e-12);
}

TEST(Geometry, MatchesWithinATolerance) {
  Geometry other = turned();
  EXPECT_TRUE(turned().matches(other));
  other.origin[2] += 0.005;
  EXPECT_TRUE(turned().matches(other));
  other.spacing[2] += 0.01;  // 5 slices on: 0.05 mm
  EXPECT_FALSE(turned().matches(other));
  EXPECT_TRUE(turned().matches(other, 0.1));
  other = turned();
  other.size[0] = 3;
  EXPECT_FALSE(turned().matches(other));
}

TEST(Modality, HasNames) {
  EXPECT_EQ(to_string(Modality::mri), "mri");
  EXPECT_EQ(to_string(Modality::histopathology), "histopathology");
  EXPECT_EQ(to_string(Units::hounsfield), "HU");
}

TEST(Volume, RefusesDataOfAnotherSize) {
  EXPECT_NO_THROW(make_volume(at::zeros({2, 6, 5, 4}), turned()));
  PHOTO51_EXPECT_ERROR(make_volume(at::zeros({4, 5, 6}), turned()), usage, HasSubstr("not [4, 5, 6]"));
  PHOTO51_EXPECT_ERROR(make_volume(at::zeros({1, 4, 5, 6}), turned()), usage,
                       HasSubstr("a volume of 4 x 5 x 6 voxels needs data [C, 6, 5, 4], not [1, 4, 5, 6]"));
}

TEST(Volume, FindsNotFiniteVoxels) {
  Volume volume = make_volume(at::zeros({1, 6, 5, 4}), turned());
  volume.source = "head.nii.gz";
  EXPECT_EQ(count_not_finite(volume), 0);
  EXPECT_NO_THROW(require_finite(volume));
  volume.data.index_put_({at::tensor(0), at::tensor(3), at::tensor(2), at::tensor(1)},
                         at::scalar_tensor(std::numeric_limits<float>::quiet_NaN()));
  EXPECT_EQ(count_not_finite(volume), 1);
  try {
    require_finite(volume);
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    EXPECT_THAT(error.what(),
                HasSubstr("head.nii.gz: 1 of 120 voxels are NaN or infinite, the first at x=1 y=2 z=3"));
  }
}

TEST(Volume, ConvertsToFloat) {
  const Volume volume = make_volume(at::full({1, 6, 5, 4}, -3, at::kShort), turned());
  const Volume converted = to_float(volume);
  EXPECT_EQ(converted.data.scalar_type(), at::kFloat);
  EXPECT_EQ(converted.data.sum().item<float>(), -360);
  EXPECT_EQ(to_float(converted).data.const_data_ptr(), converted.data.const_data_ptr());
}

}  // namespace
}  // namespace photo51::imaging

#include "photo51/preprocess/intensity/histogram.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "photo51/preprocess/intensity/normalize.hpp"
#include "photo51/preprocess/prepare.hpp"
#include "preprocess/cases.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::HasSubstr;
constexpr float outside = std::numeric_limits<float>::quiet_NaN();

NormalizeOptions histogram(NormalizeRegion region = NormalizeRegion::all) {
  NormalizeOptions options;
  options.method = NormalizeMethod::histogram;
  options.region = region;
  options.percentiles = {0, 100};
  return options;
}

TEST(Histogram, LandmarksAreThePercentilesAndPlacesLieAmongThem) {
  auto channel = at::arange(101, at::kFloat) * 2;  // 0 .. 200: decile k is 20 k
  const auto landmarks = to_landmark_scale(channel, {}, histogram());
  ASSERT_EQ(landmarks.size(), histogram_landmarks);
  for (size_t k = 0; k < landmarks.size(); ++k)
    EXPECT_NEAR(landmarks[k], 20.0 * static_cast<double>(k), 1e-9);
  EXPECT_TRUE(at::allclose(channel, at::arange(101, at::kFloat) / 10));
}

TEST(Histogram, OwnLandmarksGiveTheImageBackBetweenZeroAndOne) {
  const auto image = at::sin(at::arange(500, at::kFloat)) * 40 + 7;
  auto channel = image.clone();
  auto options = histogram();
  options.percentiles = {2, 95};
  const auto landmarks = to_landmark_scale(channel, {}, options);
  from_landmark_scale(channel, mean_landmarks({landmarks}));
  const auto expected = (image - landmarks.front()) / (landmarks.back() - landmarks.front());
  EXPECT_TRUE(at::allclose(channel, expected, 1e-4, 1e-5));
  EXPECT_LT(channel.min().item<float>(), 0);  // beyond the percentiles the outermost pieces go on
  EXPECT_GT(channel.max().item<float>(), 1);
}

TEST(Histogram, TwoScalesOfOneImageBecomeTheSame) {
  const auto image = at::sin(at::arange(500, at::kFloat)).square();
  auto dark = image.clone(), bright = image * 700 + 300;
  const auto learned = mean_landmarks(
      {to_landmark_scale(dark, {}, histogram()), {}, to_landmark_scale(bright, {}, histogram())});
  from_landmark_scale(dark, learned);
  from_landmark_scale(bright, learned);
  EXPECT_TRUE(at::allclose(dark, bright, 1e-4, 1e-5));
}

TEST(Histogram, RegionsAndVoxelsOutsideTheScan) {
  const auto voxels = at::tensor({outside, 0.F, 1.F, 2.F, 3.F, 4.F, 5.F});
  auto channel = voxels.clone();
  to_landmark_scale(channel, {}, histogram(NormalizeRegion::foreground));
  EXPECT_TRUE(at::isnan(channel.narrow(0, 0, 2)).all().item<bool>());
  EXPECT_NEAR(channel[2].item<float>(), 0, 1e-6);
  EXPECT_NEAR(channel[6].item<float>(), 10, 1e-5);
  from_landmark_scale(channel, mean_landmarks({{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}));
  EXPECT_TRUE(at::allclose(channel, at::tensor({0.F, 0.F, 0.F, .25F, .5F, .75F, 1.F}), 1e-5, 1e-6));

  auto masked = voxels.clone();
  const auto mask = at::tensor({1, 0, 0, 1, 1, 1, 0}, at::kByte);
  EXPECT_EQ(to_landmark_scale(masked, mask, histogram(NormalizeRegion::mask)).front(), 2);
  EXPECT_NEAR(masked[1].item<float>(), -10, 1e-4);  // all voxels are mapped
  PHOTO51_EXPECT_ERROR(to_landmark_scale(masked, {}, histogram(NormalizeRegion::mask)), data,
                       HasSubstr("there is no mask"));
  PHOTO51_EXPECT_ERROR(to_landmark_scale(masked, at::zeros_like(mask), histogram(NormalizeRegion::mask)),
                       data, HasSubstr("the mask has no voxel"));
}

TEST(Histogram, PlateausAndConstantImages) {
  // Half of the voxels are equal: several landmarks coincide.
  auto channel = at::cat({at::full({60}, 5.F), at::arange(40, at::kFloat) + 6});
  const auto landmarks = to_landmark_scale(channel, {}, histogram());
  EXPECT_EQ(landmarks[3], 5);
  EXPECT_TRUE(at::isfinite(channel).all().item<bool>());
  EXPECT_TRUE((channel.diff() >= 0).all().item<bool>());
  auto constant = at::full({50}, 3.F);
  EXPECT_TRUE(to_landmark_scale(constant, {}, histogram()).empty());
  from_landmark_scale(constant, mean_landmarks({landmarks}));
  EXPECT_TRUE(constant.eq(0).all().item<bool>());
  PHOTO51_EXPECT_ERROR(mean_landmarks({{}, {}}), data, HasSubstr("no training image"));
}

TEST(Histogram, PreparedChannelsCarryTheirLandmarks) {
  PreprocessOptions options;
  options.normalize = histogram();
  const auto image = test::volume(at::arange(120, at::kFloat).reshape({4, 5, 6}));
  const auto prepared = prepare({image, std::nullopt}, {}, false, options);
  ASSERT_EQ(prepared.landmarks.size(), 2U);
  EXPECT_EQ(prepared.landmarks[0].size(), histogram_landmarks);
  EXPECT_TRUE(prepared.landmarks[1].empty());
  auto channel = at::zeros({4});
  PHOTO51_EXPECT_ERROR(normalize(channel, {}, histogram()), usage, HasSubstr("learned from a cohort"));
}

}  // namespace
}  // namespace photo51::preprocess

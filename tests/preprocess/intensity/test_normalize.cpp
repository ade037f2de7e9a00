#include "photo51/preprocess/intensity/normalize.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::HasSubstr;
constexpr float outside_mask = std::numeric_limits<float>::quiet_NaN();

NormalizeOptions method(NormalizeMethod name, NormalizeRegion region = NormalizeRegion::all) {
  NormalizeOptions options;
  options.method = name;
  options.region = region;
  return options;
}

std::vector<float> normalized(std::vector<float> values, const NormalizeOptions& options,
                              const at::Tensor& mask = {}) {
  auto channel = at::tensor(values);
  normalize(channel, mask, options);
  return {channel.data_ptr<float>(), channel.data_ptr<float>() + channel.numel()};
}

void expect_near(const std::vector<float>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5) << "voxel " << i;
}

TEST(Normalize, NoneOnlyClearsVoxelsOutsideTheScan) {
  expect_near(normalized({1, outside_mask, -3}, method(NormalizeMethod::none)), {1, 0, -3});
}

TEST(Normalize, ZscoreOfAllVoxelsWithPopulationDeviation) {
  // Mean 4, variance (9 + 1 + 1 + 9) / 4 = 5; the voxel outside takes no part.
  const double d = std::sqrt(5.0);
  expect_near(normalized({1, 3, outside_mask, 5, 7}, method(NormalizeMethod::zscore)),
              {-3 / d, -1 / d, 0, 1 / d, 3 / d});
}

TEST(Normalize, ZscoreOfForegroundLeavesBackgroundAtZero) {
  expect_near(normalized({0, 2, 0, 6, -1}, method(NormalizeMethod::zscore, NormalizeRegion::foreground)),
              {0, -1, 0, 1, 0});
  auto options = method(NormalizeMethod::zscore, NormalizeRegion::foreground);
  options.foreground_threshold = 2;
  expect_near(normalized({2, 4, 8, 1}, options), {0, -1, 1, 0});
}

TEST(Normalize, ZscoreOfMaskNormalisesEveryVoxel) {
  const auto mask = at::tensor({0, 1, 1, 0}, at::kByte);
  expect_near(normalized({0, 2, 6, 8}, method(NormalizeMethod::zscore, NormalizeRegion::mask), mask),
              {-2, -1, 1, 2});
}

TEST(Normalize, FixedMeanAndDeviationOfTheChannel) {
  auto options = method(NormalizeMethod::fixed);
  options.mean = {0.5, 0.1};
  options.std = {0.25, 2};
  options.full_scale = 255;
  auto channel = at::tensor({0.F, 255.F, outside_mask});
  normalize(channel, {}, options, 1);
  expect_near({channel.data_ptr<float>(), channel.data_ptr<float>() + 3}, {-0.05, 0.45, 0});
  expect_near(normalized({127.5}, options), {0});
  PHOTO51_EXPECT_ERROR(normalize(channel, {}, options, 2), usage,
                       HasSubstr("mean has 2 numbers and there are more channels"));
  options.mean = {0.5};
  options.std = {1};
  channel = at::tensor({255.F});
  normalize(channel, {}, options, 7);  // one number serves every channel
  expect_near({channel.item<float>()}, {0.5});
}

TEST(Normalize, ZscoreClips) {
  auto options = method(NormalizeMethod::zscore);
  options.clip = 1;
  expect_near(normalized({1, 3, 5, 7}, options), {-1, -1 / std::sqrt(5.0), 1 / std::sqrt(5.0), 1});
}

TEST(Normalize, ZscoreIsAccurateFarFromZeroInLargeImages) {
  at::manual_seed(3);
  auto channel = at::randn({1000003}) + 5000;
  const auto exact = channel.to(at::kDouble);
  normalize(channel, {}, method(NormalizeMethod::zscore));
  const auto expected = (exact - exact.mean()) / exact.std(/*unbiased=*/false);
  EXPECT_LT((channel - expected).abs().max().item<double>(), 1e-4);
}

TEST(Normalize, ConstantImageBecomesZeros) {
  for (const NormalizeMethod name : {NormalizeMethod::zscore, NormalizeMethod::percentile}) {
    expect_near(normalized({4, 4, 4}, method(name)), {0, 0, 0});
    expect_near(normalized({0.1F, 0.1F, 0.1F, outside_mask}, method(name)), {0, 0, 0, 0});
    expect_near(normalized({0, -2, 0}, method(name, NormalizeRegion::foreground)), {0, 0, 0});
  }
}

TEST(Normalize, PercentilesInterpolateAndClip) {
  auto options = method(NormalizeMethod::percentile);
  options.percentiles = {25, 75};
  // Of 0 10 20 30 40 the quartiles are 10 and 30; of four values they lie between.
  expect_near(normalized({40, 0, outside_mask, 20, 10, 30}, options), {1, 0, 0, 0.5, 0, 1});
  // Of 0 1 2 4: 0.75 and 2.5.
  expect_near(normalized({0, 1, 2, 4}, options), {0, 0.25 / 1.75, 1.25 / 1.75, 1});
  options.region = NormalizeRegion::mask;
  options.percentiles = {0, 100};
  expect_near(normalized({0, 2, 4, 9}, options, at::tensor({0, 1, 1, 0}, at::kByte)), {0, 0, 1, 1});
}

TEST(Normalize, WindowMapsHounsfieldUnits) {
  auto options = method(NormalizeMethod::window);
  options.window = {-160, 240};
  expect_near(normalized({-1000, -160, 40, 240, 3000, outside_mask}, options), {0, 0, 0.5, 1, 1, 0});
}

/// Of a channel, with what is said of it.
Normalized told(const std::vector<float>& values, const NormalizeOptions& options, bool hounsfield = false) {
  auto channel = at::tensor(values);
  Intensities whole = intensities_of(channel);
  whole.hounsfield = hounsfield;
  return normalize(channel, {}, options, 0, whole);
}

TEST(Normalize, AutoTakesTheForegroundOfAnImageWithoutNegativeValues) {
  for (const NormalizeMethod name : {NormalizeMethod::zscore, NormalizeMethod::percentile}) {
    const std::vector<float> scan{0, 2, 0, 6, outside_mask, 4};
    const auto foreground = normalized(scan, method(name, NormalizeRegion::foreground));
    expect_near(normalized(scan, method(name, NormalizeRegion::automatic)),
                {foreground.begin(), foreground.end()});
    EXPECT_EQ(told(scan, method(name, NormalizeRegion::automatic)).region, "the voxels above 0");
    EXPECT_THAT(told(scan, method(name, NormalizeRegion::automatic)).warnings, ::testing::IsEmpty());
  }
  // The ringing of an interpolation is no sign of another scale.
  const std::vector<float> ringing{0, 200, -3, 600, 0, 400};
  EXPECT_EQ(told(ringing, method(NormalizeMethod::zscore, NormalizeRegion::automatic)).region,
            "the voxels above 0");
  EXPECT_THAT(told(ringing, method(NormalizeMethod::zscore, NormalizeRegion::foreground)).warnings,
              ::testing::IsEmpty());
  // A threshold that is given is meant.
  auto options = method(NormalizeMethod::zscore, NormalizeRegion::automatic);
  options.foreground_threshold = -500;
  EXPECT_EQ(told({-1000, -100, 40, 60}, options).region, "the voxels above -500");
}

TEST(Normalize, AutoKeepsTheDarkHalfOfAnImageThatIsNormalisedAlready) {
  // The same body, normalised before: darker voxels are negative and stay darker.
  const std::vector<float> whole{-1.5, -0.5, 0.5, 1.5};
  const double d = std::sqrt(1.25);
  expect_near(normalized(whole, method(NormalizeMethod::zscore, NormalizeRegion::automatic)),
              {-1.5 / d, -0.5 / d, 0.5 / d, 1.5 / d});
  const Normalized all = told(whole, method(NormalizeMethod::zscore, NormalizeRegion::automatic));
  EXPECT_EQ(all.region, "all voxels");
  EXPECT_THAT(all.warnings, ::testing::ElementsAre(HasSubstr("normalised already")));
  // Within a mask: what lies outside it is 0, takes no part and stays 0.
  const std::vector<float> masked{0, 0, -1.5, -0.5, 0.5, 1.5, 0, 0};
  expect_near(normalized(masked, method(NormalizeMethod::zscore, NormalizeRegion::automatic)),
              {0, 0, -1.5 / d, -0.5 / d, 0.5 / d, 1.5 / d, 0, 0});
  EXPECT_EQ(told(masked, method(NormalizeMethod::zscore, NormalizeRegion::automatic)).region,
            "the voxels that are not 0");
  expect_near(normalized(masked, method(NormalizeMethod::percentile, NormalizeRegion::automatic)),
              {0, 0, 0, (1 - 3 * 0.005) / (3 - 6 * 0.005), (2 - 3 * 0.005) / (3 - 6 * 0.005), 1, 0, 0});
  // Asked for, the foreground is taken, with a warning; in Hounsfield units negative values are ordinary.
  expect_near(normalized(whole, method(NormalizeMethod::zscore, NormalizeRegion::foreground)), {0, 0, -1, 1});
  EXPECT_THAT(told(whole, method(NormalizeMethod::zscore, NormalizeRegion::foreground)).warnings,
              ::testing::ElementsAre(HasSubstr("not above 0")));
  EXPECT_THAT(told(whole, method(NormalizeMethod::zscore, NormalizeRegion::foreground), true).warnings,
              ::testing::IsEmpty());
  EXPECT_EQ(
      told({-1000, -900, 40, 60}, method(NormalizeMethod::zscore, NormalizeRegion::automatic), true).region,
      "all voxels");
  EXPECT_THAT(
      told({-1000, -900, 40, 60}, method(NormalizeMethod::zscore, NormalizeRegion::automatic), true).warnings,
      ::testing::IsEmpty());
}

TEST(Normalize, SaysThatAnImageIsConstant) {
  for (const NormalizeMethod name : {NormalizeMethod::zscore, NormalizeMethod::percentile}) {
    EXPECT_THAT(told({4, 4, 4}, method(name)).warnings,
                ::testing::ElementsAre(HasSubstr("holds one value, 4")));
    EXPECT_THAT(told({0, 4, 4}, method(name, NormalizeRegion::automatic)).warnings,
                ::testing::ElementsAre(HasSubstr("holds one value, 4, in the voxels above 0")));
    EXPECT_THAT(told({0, 0}, method(name, NormalizeRegion::automatic)).warnings,
                ::testing::ElementsAre(HasSubstr("has no voxel to take statistics from")));
  }
}

TEST(Normalize, RefusesToUseAMaskThatIsAbsentOrEmpty) {
  for (const NormalizeMethod name : {NormalizeMethod::zscore, NormalizeMethod::percentile}) {
    PHOTO51_EXPECT_ERROR(normalized({1, 2}, method(name, NormalizeRegion::mask)), data,
                         HasSubstr("there is no mask"));
    PHOTO51_EXPECT_ERROR(normalized({1, 2}, method(name, NormalizeRegion::mask), at::zeros({2}, at::kByte)),
                         data, HasSubstr("no voxel"));
  }
}

}  // namespace
}  // namespace photo51::preprocess

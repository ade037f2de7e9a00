#include <gtest/gtest.h>

#include "photo51/config/read.hpp"
#include "photo51/preprocess/options.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

template <class T>
T parse(const std::string& yaml) {
  T options;
  config::read(config::parse_yaml(yaml, "test.yaml"), options);
  return options;
}

TEST(PreprocessOptions, ReadsEveryField) {
  const auto o = parse<PreprocessOptions>(R"(
orientation: RAS
spacing: [1, 1, 2.5]
crop: {around: mask, margin: 12, threshold: -500}
size: [32, 48, 16]
fit: resize
interpolation: nearest
antialias: true
normalize: {method: percentile, region: all, percentiles: [1, 99], window: [-160, 240], clip: 4, foreground_threshold: 3}
)");
  EXPECT_EQ(o.orientation, "RAS");
  EXPECT_EQ(o.spacing, (std::vector<double>{1, 1, 2.5}));
  EXPECT_EQ(o.crop.around, CropAround::mask);
  EXPECT_EQ(o.crop.margin, 12);
  EXPECT_EQ(o.crop.threshold, -500);
  EXPECT_EQ(o.size, (std::vector<int64_t>{32, 48, 16}));
  EXPECT_EQ(o.fit, SizeFit::resize);
  EXPECT_EQ(o.interpolation, Interpolation::nearest);
  EXPECT_TRUE(o.antialias);
  EXPECT_EQ(o.normalize.method, NormalizeMethod::percentile);
  EXPECT_EQ(o.normalize.region, NormalizeRegion::all);
  EXPECT_EQ(o.normalize.percentiles[1], 99);
  EXPECT_EQ(o.normalize.window[0], -160);
  EXPECT_EQ(o.normalize.clip, 4);
  EXPECT_EQ(o.normalize.foreground_threshold, 3);
}

TEST(PreprocessOptions, BareNamesAreShortForTheMainKey) {
  const auto o = parse<PreprocessOptions>("{normalize: zscore, crop: foreground}");
  EXPECT_EQ(o.normalize.method, NormalizeMethod::zscore);
  EXPECT_EQ(o.crop.around, CropAround::foreground);
  PHOTO51_EXPECT_ERROR(parse<PreprocessOptions>("\nnormalize: zscor"), usage,
                       HasSubstr("test.yaml:2: normalize.method: `zscor` is not a valid value"));
  PHOTO51_EXPECT_ERROR(parse<PreprocessOptions>("normalize: [zscore]"), usage,
                       HasSubstr("expected a map of keys, got a list"));
}

TEST(PreprocessOptions, DumpReadsBackToTheSame) {
  auto o = parse<PreprocessOptions>("{spacing: [0.7, 0.7, 3], crop: {around: foreground}, size: [8, 8, 8]}");
  const auto text = config::to_yaml(config::dump(o));
  auto again = parse<PreprocessOptions>(text);
  EXPECT_EQ(config::to_yaml(config::dump(again)), text);
}

TEST(PreprocessOptions, RefusesNonsenseWithTheKeysName) {
  const auto refuses = [](const std::string& yaml, const std::string& key, const std::string& words) {
    PHOTO51_EXPECT_ERROR(parse<PreprocessOptions>(yaml), usage, AllOf(HasSubstr(key), HasSubstr(words)));
  };
  refuses("{orientation: LPX}", "orientation", "such as LPS");
  refuses("{orientation: LRS}", "orientation", "such as LPS");
  refuses("{spacing: [1, 1]}", "spacing", "three numbers");
  refuses("{normalize: {method: fixed, mean: [0.5], std: [1,5]}}", "normalize.std",
          "as many numbers as mean; a decimal comma begins a new number");
  refuses("{spacing: [1,5, 1,5, 3]}", "spacing", "none; a decimal comma begins a new number");
  refuses("{spacing: [0,5, 0,7, 3]}", "spacing", "0.001 mm, not 0; a decimal comma begins a new number");
  refuses("{spacing: [1, 1, 0]}", "spacing", "at least 0.001 mm");
  refuses("{size: [8]}", "size", "three numbers");
  refuses("{size: [8, 8, 0]}", "size", "at least 1");
  refuses("{fit: strech}", "fit", "resize");
  refuses("{crop: {around: lesion}}", "crop.around", "mask");
  refuses("{crop: {margin: -1}}", "crop.margin", "at least 0 mm");
  refuses("{interpolation: spline}", "interpolation", "linear, cubic, nearest");
  refuses("{normalize: {method: z-score}}", "normalize.method", "did you mean `zscore`");
  refuses("{normalize: {percentiles: [99, 1]}}", "normalize.percentiles", "below the second");
  refuses("{normalize: {window: [40, 40]}}", "normalize.window", "below the second");
  refuses("{normalise: {}}", "normalise", "did you mean `normalize`");
}

TEST(AugmentOptions, ReadsAndRefuses) {
  const auto o = parse<AugmentOptions>(
      "{flip: [x, z], affine_probability: 0.5, rotate: 15, scale: 0.1, translate: 4, "
      "intensity_probability: 1, shift: 0.2, gain: 0.3, noise: 0.05, gamma: 0.4, drop_channel: 0.1}");
  EXPECT_EQ(o.flip, (std::vector<Axis>{Axis::x, Axis::z}));
  EXPECT_EQ(o.rotate, 15);
  EXPECT_EQ(o.gamma, 0.4);
  PHOTO51_EXPECT_ERROR(parse<AugmentOptions>("{flip: [w]}"), usage,
                       "test.yaml:1: flip: `w` is not a valid value (did you mean `x`?); it takes x, y, z");
  PHOTO51_EXPECT_ERROR(parse<AugmentOptions>("{drop_channel: 1.5}"), usage, HasSubstr("at most 1"));
  PHOTO51_EXPECT_ERROR(parse<AugmentOptions>("{scale: 1}"), usage, HasSubstr("at most 0.9"));
  PHOTO51_EXPECT_ERROR(parse<AugmentOptions>("{rotate: -3}"), usage, HasSubstr("degrees"));
}

TEST(AugmentOptions, StepsAreOffUntilNamedAndMayBeAProbabilityAlone) {
  const auto none = parse<AugmentOptions>("{}");
  EXPECT_FALSE(none.elastic || none.bias_field || none.blur || none.motion || none.coarse_dropout);
  const auto o = parse<AugmentOptions>(
      "{elastic: {points: 7, magnitude: 8}, blur: 0.4, ghosting: {ghosts: [2, 3]}, noise_model: rician}");
  EXPECT_EQ(o.elastic->magnitude, 8);
  EXPECT_EQ(o.elastic->probability, 0.2);
  EXPECT_EQ(o.blur->probability, 0.4);
  EXPECT_EQ(o.ghosting->ghosts, (std::vector<int64_t>{2, 3}));
  for (const auto& [yaml, words] : std::vector<std::pair<std::string, std::string>>{
           {"{elastic: {points: 4}}", "twice locked_borders"},
           {"{elastic: {points: 3}}", "points"},
           {"{blur: {sigma: [2, 1]}}", "smaller one first"},
           {"{blur: {sigma: [0,5, 1,5]}}", "expected 2 numbers, got 4; a decimal comma begins a new number"},
           {"{low_resolution: {zoom: [0.9, 0.5]}}", "smaller one first"},
           {"{ghosting: {ghosts: [5]}}", "two numbers"},
           {"{ghosting: {intensity: [1, 0.5]}}", "smaller one first"},
           {"{spike: {intensity: [3, 1]}}", "smaller one first"},
           {"{coarse_dropout: {size: [4, 4]}}", "three numbers"},
           {"{noise_model: poisson}", "rician"},
           {"{motion: 2}", "probability"}})
    PHOTO51_EXPECT_ERROR(parse<AugmentOptions>(yaml), usage, HasSubstr(words));
}

}  // namespace
}  // namespace photo51::preprocess

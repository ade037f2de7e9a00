#include "photo51/preprocess/histopathology/stain.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/files.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "preprocess/histopathology/optical_density.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

using testing::HasSubstr;

/// A picture whose pixels hold known amounts of two stains: 240 * exp(-(stains * amounts)) - 1.
at::Tensor stained(const std::array<double, 6>& stains, double strength = 1) {
  const int64_t side = 64;
  at::Tensor picture = at::empty({3, side, side}, at::kFloat);
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t y = 0; y < side; ++y)
      for (int64_t x = 0; x < side; ++x) {
        // Some pixels have only one of them.
        const double h = y < 4 ? 0 : strength * (0.4 + static_cast<double>(y) / 50);
        const double e = x < 4 ? 0 : strength * (0.4 + static_cast<double>(x) / 60);
        picture[c][y][x] =
            240 * std::exp(-(h * stains[static_cast<size_t>(c)] + e * stains[static_cast<size_t>(3 + c)])) -
            1;
      }
  return picture.clamp(0, 255).div_(255);
}

constexpr std::array<double, 6> kPurpleAndPink{0.65, 0.70, 0.29, 0.27, 0.9, 0.34};

StainOptions method(StainMethod name) {
  StainOptions options;
  options.method = name;
  options.min_density = 0.05;
  return options;
}

double length(const double* v) {
  return std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

TEST(Stain, FastExponentialIsExact) {
  for (double x = -80; x < 80; x += 0.37)
    EXPECT_NEAR(static_cast<double>(fast_exp(static_cast<float>(x))) /
                    std::exp(static_cast<double>(static_cast<float>(x))),
                1, 4e-7);
}

TEST(Stain, MacenkoFindsTheTwoStains) {
  const StainProfile found = measure_stain(stained(kPurpleAndPink), method(StainMethod::macenko));
  for (size_t s = 0; s < 2; ++s) {
    EXPECT_NEAR(length(found.stains.data() + 3 * s), 1, 1e-6);
    for (size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(found.stains[3 * s + c], kPurpleAndPink[3 * s + c] / length(kPurpleAndPink.data() + 3 * s),
                  0.01);
  }
  EXPECT_NEAR(found.strength[0], 1.64 * length(kPurpleAndPink.data()), 0.05);
}

TEST(Stain, MacenkoMapsOnePictureOntoAnother) {
  const auto options = method(StainMethod::macenko);
  const at::Tensor target = stained(kPurpleAndPink);
  const at::Tensor source = stained({0.55, 0.75, 0.40, 0.15, 0.95, 0.25}, 0.8);
  const StainProfile from = measure_stain(source, options), to = measure_stain(target, options);
  const at::Tensor mapped = normalize_stain(source, from, to, options);
  // What leaves the map is I + 1.
  EXPECT_LT((mapped - target - 1.0 / 255).abs().mean().item<double>(), 2.0 / 255);
  EXPECT_GT((source - target).abs().mean().item<double>(), 8.0 / 255);
  const at::Tensor bytes = normalize_stain((source * 255).round().to(at::kByte), from, to, options);
  EXPECT_EQ(bytes.scalar_type(), at::kByte);
  EXPECT_LT((bytes.to(at::kFloat) / 255 - mapped).abs().max().item<double>(), 3.0 / 255);
}

TEST(Stain, ReinhardMatchesMeanAndDeviation) {
  const auto options = method(StainMethod::reinhard);
  const StainProfile to = target_stain(options);
  const at::Tensor source = stained({0.55, 0.75, 0.40, 0.15, 0.95, 0.25}, 0.6);
  StainProfile near = measure_stain(source, options);
  for (size_t c = 0; c < 3; ++c) near.mean[c] += 2;
  const StainProfile reached =
      measure_stain(normalize_stain(source, measure_stain(source, options), near, options), options);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(reached.mean[c], near.mean[c], 0.1);
    EXPECT_NEAR(reached.deviation[c], near.deviation[c], 0.1);
  }
  EXPECT_NEAR(to.mean[0], 62.07, 0.01);
}

TEST(Stain, NormalisesABagAsOneSlide) {
  for (const StainMethod name : {StainMethod::macenko, StainMethod::reinhard}) {
    const auto options = method(name);
    const at::Tensor a = stained(kPurpleAndPink, 0.7), b = stained(kPurpleAndPink, 1.1);
    const at::Tensor bag = at::stack({a, b});
    const StainProfile from = measure_stain(bag, options), to = target_stain(options);
    const at::Tensor together = normalize_stain(bag, from, to, options);
    EXPECT_TRUE(together[1].equal(normalize_stain(b, from, to, options)));
  }
}

TEST(Stain, TargetMayBeAPicture) {
  const test::TemporaryFolder folder;
  const at::Tensor picture = (stained(kPurpleAndPink) * 255).round().to(at::kByte);
  core::write_file_atomic(folder / "look.png", imaging::encode_png(picture.permute({1, 2, 0}).contiguous()));
  auto options = method(StainMethod::macenko);
  options.reference = folder / "look.png";
  const StainProfile expected = measure_stain(picture, options), found = target_stain(options);
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(found.stains[i], expected.stains[i], 1e-9);
}

TEST(Stain, SaysWhatCannotBeMeasured) {
  const at::Tensor glass = at::full({3, 32, 32}, 240, at::kByte);
  EXPECT_THAT(
      test::message_of(core::Fault::data, [&] { measure_stain(glass, method(StainMethod::macenko)); }),
      HasSubstr("only 0 pixels are stained"));
  at::Tensor one = at::empty({3, 32, 32}, at::kByte);
  for (int64_t c = 0; c < 3; ++c) one[c].fill_(100 + 20 * c);
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { measure_stain(one, method(StainMethod::macenko)); }),
              HasSubstr("cannot be told apart"));
  EXPECT_THAT(
      test::message_of(core::Fault::data,
                       [&] {
                         measure_stain(at::zeros({3, 2, 2}, at::kByte), method(StainMethod::reinhard));
                       }),
      HasSubstr("fewer than 16 pixels"));
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { measure_stain(glass, method(StainMethod::none)); }),
              HasSubstr("not `none`"));
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [] {
                                 rgb_to_hed(at::zeros({4, 4, 3}, at::kByte));
                               }),
              HasSubstr("[3, H, W]"));
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [] {
                                 hed_to_rgb(at::zeros({3, 4, 4}, at::kByte));
                               }),
              HasSubstr("float32"));
}

TEST(Stain, HedAgreesWithScikitImage) {
  // scikit-image 0.26: rgb2hed of four colors, hed2rgb of the result and of two made-up amounts.
  const at::Tensor rgb =
      at::tensor({200, 90, 245, 30, 100, 60, 245, 200, 170, 140, 245, 90}, at::kByte).view({3, 1, 4});
  const at::Tensor hed =
      at::tensor({0.01089357F, 0.10854122F, 0.00350426F, 0.2443729F, 0.04506606F, 0.02202927F, 0.0F, 0.0F,
                  0.02722069F, 0.01218186F, 0.00255385F, 0.03009445F})
          .view({3, 1, 4});
  EXPECT_LT((rgb_to_hed(rgb) - hed).abs().max().item<double>(), 1e-5);
  const at::Tensor back = at::tensor({200.0F, 90.0F, 244.75768F, 25.394101F, 100.0F, 60.0F, 241.59510F,
                                      18.934374F, 170.0F, 140.0F, 244.61932F, 69.261084F})
                              .view({3, 1, 4});
  EXPECT_LT((hed_to_rgb(hed) * 255 - back).abs().max().item<double>(), 1e-2);
  const at::Tensor amounts = at::tensor({0.05F, 0.1F, 0.02F, 0.0F, 0.01F, 0.03F}).view({3, 1, 2});
  const at::Tensor colors =
      at::tensor({0.60311482F, 0.36425037F, 0.43351088F, 0.30019261F, 0.71285303F, 0.48484174F})
          .view({3, 1, 2});
  EXPECT_LT((hed_to_rgb(amounts) - colors).abs().max().item<double>(), 1e-5);
}

TEST(Stain, JitterScalesAndShiftsTheAmounts) {
  const at::Tensor picture = (stained(kPurpleAndPink) * 255).round().to(at::kByte);
  EXPECT_TRUE(jitter_hed(picture, {}).equal(picture));
  const HedJitter jitter{{1.1, 0.9, 1.05}, {0.01, 0.005, 0.002}};
  const at::Tensor amounts = at::rand({3, 20, 30}) * 0.1 + 0.02;
  const at::Tensor after = rgb_to_hed(jitter_hed(hed_to_rgb(amounts), jitter));
  for (int64_t s = 0; s < 3; ++s) {
    const auto i = static_cast<size_t>(s);
    EXPECT_LT((after[s] - (amounts[s] * jitter.scale[i] + jitter.shift[i])).abs().max().item<double>(), 1e-4)
        << s;
  }
}

TEST(Stain, JitterIsDrawnByCounter) {
  HedOptions options;
  options.probability = 1;
  const auto a = sample_hed(options, {.seed = 1, .epoch = 2, .view = 3}, "case"),
             b = sample_hed(options, {.seed = 1, .epoch = 2, .view = 3}, "case");
  EXPECT_EQ(a.scale, b.scale);
  EXPECT_NE(a.scale, sample_hed(options, {.seed = 1, .epoch = 2, .view = 4}, "case").scale);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_LE(std::abs(a.scale[i] - 1), options.scale);
    EXPECT_LE(std::abs(a.shift[i]), options.shift);
  }
  options.probability = 0;
  EXPECT_EQ(sample_hed(options, {.seed = 1, .epoch = 2, .view = 3}, "case").scale, HedJitter{}.scale);
}

}  // namespace
}  // namespace photo51::preprocess

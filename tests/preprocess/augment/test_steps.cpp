#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/preprocess/augment/augment.hpp"
#include "photo51/preprocess/prepare.hpp"
#include "preprocess/cases.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using testing::HasSubstr;

imaging::Geometry step_box(std::array<int64_t, 3> size, std::array<double, 3> spacing = {1, 1, 1}) {
  imaging::Geometry g;
  g.size = size;
  g.spacing = spacing;
  return g;
}

AugmentOptions always() {
  AugmentOptions o;
  o.elastic = ElasticOptions{.probability = 1};
  o.intensity_probability = 1;
  o.contrast = 0.3;
  o.noise = 0.1;
  o.noise_model = NoiseModel::rician;
  o.bias_field = BiasFieldOptions{.probability = 1};
  o.blur = BlurOptions{.probability = 1};
  o.low_resolution = LowResolutionOptions{.probability = 1};
  o.ghosting = GhostingOptions{.probability = 1};
  o.motion = MotionOptions{.probability = 1};
  o.spike = SpikeOptions{.probability = 1};
  o.color_jitter = ColorJitterOptions{.probability = 1};
  o.coarse_dropout = CoarseDropoutOptions{.probability = 1};
  return o;
}

TEST(DrawSteps, StayWithinTheirRanges) {
  const auto o = always();
  for (int epoch = 0; epoch < 200; ++epoch) {
    const auto a = sample_augmentation(o, {1, epoch}, "case", {true, false});
    ASSERT_EQ(a.elastic.points, (std::array<int64_t, 3>{7, 7, 7}));
    ASSERT_EQ(a.elastic.values.size(), 3U * 343);
    int moving = 0;
    for (const float value : a.elastic.values) {
      EXPECT_LE(std::abs(value), 5);
      moving += value != 0;
    }
    EXPECT_EQ(moving, 3 * 27);  // two outer layers are locked
    const auto& c = a.channels[0];
    EXPECT_TRUE(c.zoom >= 0.5 && c.zoom <= 1);
    EXPECT_TRUE(c.blur >= 0.5 && c.blur <= 1.5);
    EXPECT_TRUE(c.ghosting.ghosts >= 4 && c.ghosting.ghosts <= 10 && c.ghosting.axis < 3);
    EXPECT_TRUE(c.ghosting.intensity >= 0.5 && c.ghosting.intensity <= 1);
    ASSERT_EQ(c.motion.times.size(), 2U);
    EXPECT_TRUE(0 < c.motion.times[0] && c.motion.times[0] < c.motion.times[1] && c.motion.times[1] < 1);
    EXPECT_EQ(c.spikes.places.size(), 1U);
    EXPECT_EQ(c.bias.size(), 20U);
    for (const double coefficient : c.bias) EXPECT_LE(std::abs(coefficient), 0.3);
    EXPECT_TRUE(c.rician);
    EXPECT_LE(std::abs(c.contrast - 1), 0.3);
    EXPECT_EQ(a.holes.size(), 4U);
    ASSERT_TRUE(a.colors.has_value());
    EXPECT_LE(std::abs(a.colors->hue), 0.05);
    // The absent channel stays as it is.
    EXPECT_EQ(a.channels[1].zoom, 1);
    EXPECT_TRUE(a.channels[1].bias.empty() && a.channels[1].motion.times.empty());
  }
}

TEST(DrawSteps, DifferByChannelAndRepeatByKey) {
  const auto o = always();
  const auto a = sample_augmentation(o, {1, 2}, "case", {true, true}),
             b = sample_augmentation(o, {1, 2}, "case", {true, true});
  EXPECT_EQ(a.elastic.values, b.elastic.values);
  EXPECT_EQ(a.channels[0].bias, b.channels[0].bias);
  EXPECT_EQ(a.channels[1].blur, b.channels[1].blur);
  EXPECT_NE(a.channels[0].blur, a.channels[1].blur);
  EXPECT_NE(a.channels[0].bias, a.channels[1].bias);
  auto seldom = o;
  seldom.blur->probability = 0.25;
  int blurred = 0;
  for (int epoch = 0; epoch < 1000; ++epoch)
    blurred += sample_augmentation(seldom, {1, epoch}, "case", {true}).channels[0].blur > 0;
  EXPECT_NEAR(blurred, 250, 50);
}

/// A field linear in mm that an elastic map displaces by known millimetres.
TEST(Elastic, MovesContentByMillimetresInApplyAndInPrepare) {
  auto geometry = step_box({20, 24, 18}, {1, 1.5, 2});
  geometry.origin = {10, 20, 30};
  const auto volume = test::world_field(geometry);
  PreprocessOptions options;
  Augmentation a;
  a.elastic.points = {4, 4, 4};
  a.elastic.values.assign(3 * 64, 0.0F);
  std::fill_n(a.elastic.values.begin(), 64, 3.0F);        // x
  std::fill_n(a.elastic.values.begin() + 64, 64, -1.5F);  // y
  const auto prepared = prepare({volume}, {}, false, options);
  const auto moved = apply(prepared.values, prepared.geometry, a, options);
  const double change = 3 * 3 + -2 * -1.5;  // the field's slopes
  const auto inner = [](const at::Tensor& t) { return t[0].slice(0, 2, 16).slice(1, 3, 20).slice(2, 1, 15); };
  EXPECT_LT((inner(moved) - inner(prepared.values) - change).abs().max().item<double>(), 2e-2);
  // Together with an affine map and in one resampling from the file's grid the same comes out.
  a.affine = true;
  a.rotate = {5, -10, 15};
  a.flip = {true, false, false};
  for (size_t i = 0; i < a.elastic.values.size(); ++i) a.elastic.values[i] = std::sin(float(i));
  const auto later = apply(prepared.values, prepared.geometry, a, options);
  const auto fused = prepare({volume}, {}, false, options, &a).values;
  EXPECT_LT((inner(later) - inner(fused)).abs().max().item<double>(), 2e-2);
  options.antialias = true;
  options.spacing = {2, 3, 4};
  const auto coarse = prepare({volume}, {}, false, options, &a);
  EXPECT_GT(coarse.values.abs().max().item<double>(), 900);
}

TEST(Elastic, OneSliceBendsInItsPlane) {
  Augmentation a;
  a.elastic.points = {5, 5, 5};
  a.elastic.values.assign(3 * 125, 50.0F);  // out of the plane, were it to follow
  std::fill_n(a.elastic.values.begin(), 250, 0.0F);
  std::fill_n(a.elastic.values.begin(), 125, 1.0F);
  const auto values = at::arange(10, at::kFloat).view({1, 1, 1, 10}).expand({1, 1, 8, 10}).contiguous();
  const auto moved = apply(values, step_box({10, 8, 1}), a, {});
  EXPECT_LT((moved.slice(3, 0, 8) - values.slice(3, 0, 8) - 1).abs().max().item<double>(), 1e-5);
}

TEST(AugmentIntensities, EachStepReachesItsChannel) {
  at::manual_seed(8);
  const auto values = at::rand({3, 16, 18, 20});
  const auto geometry = step_box({20, 18, 16});
  const auto touches = [&](auto set) {
    Augmentation a;
    a.channels.resize(2);
    set(a.channels[1]);
    const auto out = apply(values, geometry, a, {});
    EXPECT_TRUE(at::equal(out[0], values[0]) && at::equal(out[2], values[2]));
    return !at::equal(out[1], values[1]);
  };
  using Channel = Augmentation::Channel;
  EXPECT_TRUE(touches([](Channel& c) { c.zoom = 0.5; }));
  EXPECT_TRUE(touches([](Channel& c) { c.blur = 1; }));
  EXPECT_TRUE(touches([](Channel& c) { c.motion = {{0.4}, {{3, 0, 0}}, {{1, 0, 0}}}; }));
  EXPECT_TRUE(touches([](Channel& c) { c.ghosting = {.ghosts = 3, .axis = 1, .intensity = 1}; }));
  EXPECT_TRUE(touches([](Channel& c) { c.spikes = {{{0.3, 0.4, 0.5}}, 1}; }));
  EXPECT_TRUE(touches([](Channel& c) { c.contrast = 2; }));
  EXPECT_TRUE(touches([](Channel& c) { c.bias = {0.5}; }));
  EXPECT_TRUE(touches([](Channel& c) { c.noise = 1, c.rician = true; }));
  EXPECT_FALSE(touches([](Channel&) {}));
  Augmentation a;
  a.channels.resize(1);
  a.channels[0].ghosting = {.ghosts = 3, .axis = 2, .intensity = 1};  // of one slice: along x
  const auto slice = values.slice(1, 0, 1);
  EXPECT_FALSE(at::equal(apply(slice, step_box({20, 18, 1}), a, {})[0], slice[0]));
  a = {};
  a.channels.resize(2);
  a.holes = {{{0, 0.5, 0.5}, {4, 2, 6}}};  // half of it lies outside
  a.hole_fill = -3;
  const auto covered = apply(values, geometry, a, {});
  EXPECT_EQ(covered.eq(-3).sum().item<int64_t>(), 2 * (2 * 2 * 6));
  EXPECT_TRUE(at::equal(covered[2], values[2]));
  a = {};
  a.channels.resize(3);
  a.colors = ColorChange{.brightness = 0.5};
  PreprocessOptions fixed;
  fixed.normalize.method = NormalizeMethod::fixed;
  fixed.normalize.mean = {0.5, 0.25, 0.5};
  fixed.normalize.std = {0.2};
  const auto mean = at::tensor({0.5F, 0.25F, 0.5F}).view({3, 1, 1, 1});
  // Halved is the picture, not its distance from the mean.
  const auto changed = apply((values - mean) / 0.2, geometry, a, fixed);
  EXPECT_LT((changed * 0.2 + mean - values * 0.5).abs().max().item<double>(), 1e-6);
  a.colors.reset();
  // Near black a rounded value is a large part of its density, hence the tolerance.
  a.stain = HedJitter{{1.5, 1, 1}, {0, 0, 0}};
  const auto stained = apply((values - mean) / 0.2, geometry, a, fixed) * 0.2 + mean;
  EXPECT_LT((stained - jitter_hed(values.transpose(0, 1).contiguous(), *a.stain).transpose(0, 1))
                .abs()
                .max()
                .item<double>(),
            1e-3);
  PHOTO51_EXPECT_ERROR(apply(values, geometry, a, {}), usage, HasSubstr("set normalize to fixed"));
  PHOTO51_EXPECT_ERROR(apply(values.narrow(0, 0, 2), geometry, a, fixed), usage, HasSubstr("not 2"));
}

}  // namespace
}  // namespace photo51::preprocess

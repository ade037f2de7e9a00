#include "photo51/preprocess/augment/augment.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "photo51/preprocess/prepare.hpp"
#include "preprocess/cases.hpp"

namespace photo51::preprocess {
namespace {

AugmentOptions everything() {
  AugmentOptions o;
  o.flip = {Axis::x, Axis::y, Axis::z};
  o.affine_probability = 0.5;
  o.rotate = 20;
  o.scale = 0.2;
  o.translate = 5;
  o.intensity_probability = 0.5;
  o.shift = 0.3;
  o.gain = 0.1;
  o.noise = 0.05;
  o.gamma = 0.2;
  o.drop_channel = 0.5;
  return o;
}

bool same(const Augmentation& a, const Augmentation& b) {
  bool equal = a.flip == b.flip && a.affine == b.affine && a.rotate == b.rotate && a.scale == b.scale &&
               a.translate == b.translate && a.channels.size() == b.channels.size();
  for (size_t c = 0; equal && c < a.channels.size(); ++c) {
    const auto& p = a.channels[c];
    const auto& q = b.channels[c];
    equal = p.gamma == q.gamma && p.gain == q.gain && p.shift == q.shift && p.noise_seed == q.noise_seed &&
            p.drop == q.drop;
  }
  return equal;
}

imaging::Geometry box(std::array<int64_t, 3> size, std::array<double, 3> spacing = {1, 1, 1}) {
  imaging::Geometry g;
  g.size = size;
  g.spacing = spacing;
  return g;
}

TEST(SampleAugmentation, DependsOnSeedEpochViewAndCaseOnly) {
  const auto o = everything();
  const std::vector<bool> present{true, true, false};
  EXPECT_TRUE(
      same(sample_augmentation(o, {7, 3}, "P1", present), sample_augmentation(o, {7, 3}, "P1", present)));
  int differ = 0;
  for (int epoch = 0; epoch < 20; ++epoch)
    differ += same(sample_augmentation(o, {7, epoch}, "P1", present),
                   sample_augmentation(o, {7, epoch + 1}, "P1", present))
                  ? 0
                  : 1;
  EXPECT_GE(differ, 19);
  EXPECT_FALSE(
      same(sample_augmentation(o, {7, 3}, "P1", present), sample_augmentation(o, {7, 3, 1}, "P1", present)));
  EXPECT_FALSE(
      same(sample_augmentation(o, {7, 3}, "P1", present), sample_augmentation(o, {8, 3}, "P1", present)) &&
      same(sample_augmentation(o, {7, 3}, "P1", present), sample_augmentation(o, {7, 3}, "P2", present)));
}

TEST(SampleAugmentation, StaysWithinItsLimitsAndFollowsItsProbabilities) {
  const auto o = everything();
  int flips_x = 0, affine = 0, changed = 0;
  const int draws = 2000;
  for (int epoch = 0; epoch < draws; ++epoch) {
    const auto a = sample_augmentation(o, {1, epoch}, "case", {true, true});
    flips_x += a.flip[0];
    affine += a.affine;
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_LE(std::abs(a.rotate[i]), 20);
      EXPECT_LE(std::abs(a.translate[i]), 5);
    }
    EXPECT_LE(std::abs(a.scale - 1), 0.2);
    const auto& channel = a.channels[0];
    changed += channel.gain != 1;
    EXPECT_LE(std::abs(channel.gain - 1), 0.1);
    EXPECT_LE(std::abs(channel.shift), 0.3);
    EXPECT_LE(std::abs(std::log(channel.gamma)), 0.2 + 1e-12);
    EXPECT_FALSE(a.channels[0].drop && a.channels[1].drop);
  }
  EXPECT_NEAR(flips_x, draws / 2, 100);
  EXPECT_NEAR(affine, draws / 2, 100);
  EXPECT_NEAR(changed, draws / 2, 100);
}

TEST(SampleAugmentation, NeverTouchesAbsentChannelsNorDropsTheLastPresentOne) {
  auto o = everything();
  o.drop_channel = 1;
  o.intensity_probability = 1;
  std::array<int, 3> dropped{};
  for (int epoch = 0; epoch < 200; ++epoch) {
    const auto a = sample_augmentation(o, {1, epoch}, "case", {true, false, true});
    EXPECT_FALSE(a.channels[1].drop);
    EXPECT_EQ(a.channels[1].gain, 1);
    EXPECT_EQ(a.channels[1].noise, 0);
    EXPECT_NE(a.channels[0].drop, a.channels[2].drop);
    for (size_t c = 0; c < 3; ++c) dropped[c] += a.channels[c].drop;
    EXPECT_FALSE(sample_augmentation(o, {1, epoch}, "case", {false, true}).channels[1].drop);
  }
  EXPECT_NEAR(dropped[0], 100, 40);
}

TEST(SampleAugmentation, WithoutOptionsChangesNothing) {
  const auto a = sample_augmentation({}, {1, 2}, "case", {true});
  const auto values = at::arange(24, at::kFloat).view({1, 2, 3, 4});
  EXPECT_TRUE(at::equal(apply(values, box({4, 3, 2}), a, {}), values));
}

TEST(Apply, FlipsMirrorTheNamedAxes) {
  const auto values = at::arange(48, at::kFloat).view({2, 2, 3, 4});
  const auto geometry = box({4, 3, 2});
  EXPECT_TRUE(at::equal(apply(values, geometry, flips({Axis::x}), {}), values.flip({3})));
  EXPECT_TRUE(at::equal(apply(values, geometry, flips({Axis::y, Axis::z}), {}), values.flip({1, 2})));
  const auto untouched = apply(values, geometry, flips({}), {});
  EXPECT_TRUE(at::equal(untouched, values));
  EXPECT_NE(untouched.data_ptr<float>(), values.data_ptr<float>());
}

TEST(Apply, TranslationMovesContentByMillimetres) {
  auto values = at::zeros({1, 5, 5, 5});
  values[0][2][2][2] = 1;
  Augmentation a;
  a.affine = true;
  a.translate = {2, 0, -3};
  const auto moved = apply(values, box({5, 5, 5}, {2, 1, 3}), a, {});
  EXPECT_NEAR(moved[0][1][2][3].item<double>(), 1, 1e-6);
  EXPECT_NEAR(moved.sum().item<double>(), 1, 1e-5);
}

TEST(Apply, QuarterTurnAboutZTakesXToY) {
  auto values = at::zeros({1, 3, 5, 5});
  values[0][1][2][4] = 1;  // on the +x axis
  Augmentation a;
  a.affine = true;
  a.rotate = {0, 0, 90};
  EXPECT_NEAR(apply(values, box({5, 5, 3}), a, {})[0][1][4][2].item<double>(), 1, 1e-6);
  a.rotate = {90, 0, 0};  // y to z
  auto tall = at::zeros({1, 5, 5, 3});
  tall[0][2][4][1] = 1;
  EXPECT_NEAR(apply(tall, box({3, 5, 5}), a, {})[0][4][2][1].item<double>(), 1, 1e-6);
  a.rotate = {0, 90, 0};  // z to x
  auto deep = at::zeros({1, 5, 3, 5});
  deep[0][4][1][2] = 1;
  EXPECT_NEAR(apply(deep, box({5, 3, 5}), a, {})[0][2][1][4].item<double>(), 1, 1e-6);
}

TEST(Apply, ScaleMagnifiesAboutTheCentre) {
  auto values = at::zeros({1, 9, 9, 9});
  values[0].slice(0, 3, 6).slice(1, 3, 6).slice(2, 3, 6).fill_(1);
  Augmentation a;
  a.affine = true;
  a.scale = 2;
  const auto large = apply(values, box({9, 9, 9}), a, {});
  EXPECT_NEAR(large[0][4][4][6].item<double>(), 1, 1e-6);  // reads 5
  EXPECT_NEAR(large[0][4][4][7].item<double>(), 0.5, 1e-6);
  EXPECT_NEAR(large[0][4][4][8].item<double>(), 0, 1e-6);
  EXPECT_NEAR(large.sum().item<double>(), 216, 60);
}

TEST(Apply, MaskChannelStaysBinary) {
  at::manual_seed(6);
  auto values = at::rand({2, 12, 12, 12});
  values[1] = values[1].gt(0.5).to(at::kFloat);
  Augmentation a;
  a.affine = true;
  a.rotate = {10, 20, 30};
  a.channels.resize(1);
  const auto moved = apply(values, box({12, 12, 12}), a, {});
  EXPECT_TRUE(at::logical_or(moved[1].eq(0), moved[1].eq(1)).all().item<bool>());
  EXPECT_FALSE(at::logical_or(moved[0].eq(0), moved[0].eq(1)).all().item<bool>());
}

TEST(Apply, OneSliceStaysInItsPlane) {
  auto values = at::zeros({1, 1, 5, 5});
  values[0][0][2][4] = 1;
  Augmentation a;
  a.affine = true;
  a.rotate = {40, -70, 90};
  a.translate = {0, 0, 50};
  EXPECT_NEAR(apply(values, box({5, 5, 1}), a, {})[0][0][4][2].item<double>(), 1, 1e-6);
}

TEST(Apply, IntensitiesFollowTheirFormulas) {
  const auto geometry = box({3, 1, 1});
  const auto values = at::tensor({-1.F, 0.F, 3.F, 5.F, 5.F, 5.F}).view({2, 1, 1, 3});
  Augmentation a;
  a.channels.resize(1);
  a.channels[0].gamma = 2;
  a.channels[0].gain = 10;
  a.channels[0].shift = 1;
  // (0, 1/4, 1)^2 over the range 4 from -1 on: -1, -0.75, 3; then 10 v + 1.
  const auto changed = apply(values, geometry, a, {});
  EXPECT_NEAR(changed[0][0][0][0].item<double>(), -9, 1e-5);
  EXPECT_NEAR(changed[0][0][0][1].item<double>(), -6.5, 1e-5);
  EXPECT_NEAR(changed[0][0][0][2].item<double>(), 31, 1e-5);
  EXPECT_TRUE(at::equal(changed[1], values[1]));
  a.channels[0] = {};
  a.channels[0].drop = true;
  EXPECT_EQ(apply(values, geometry, a, {})[0].count_nonzero().item<int64_t>(), 0);
  a.channels.assign(2, {});
  a.channels[1].gamma = 3;  // a constant channel has no range to bend
  EXPECT_TRUE(at::equal(apply(values, geometry, a, {}), values));
}

TEST(Apply, NoiseHasItsDeviationAndItsSeed) {
  const auto values = at::zeros({2, 32, 32, 32});
  Augmentation a;
  a.channels.resize(2);
  for (auto& channel : a.channels) {
    channel.noise = 0.25;
    channel.noise_seed = 99;
  }
  const auto first = apply(values, box({32, 32, 32}), a, {});
  EXPECT_NEAR(first.std().item<double>(), 0.25, 0.005);
  EXPECT_NEAR(first.mean().item<double>(), 0, 0.005);
  EXPECT_TRUE(at::equal(first, apply(values, box({32, 32, 32}), a, {})));
  a.channels[1].noise_seed = 100;
  const auto second = apply(values, box({32, 32, 32}), a, {});
  EXPECT_TRUE(at::equal(first[0], second[0]));
  EXPECT_FALSE(at::equal(first[1], second[1]));
}

TEST(Apply, FusedIntoPrepareItGivesTheSameOnALinearImage) {
  auto geometry = box({14, 14, 14}, {1, 1.5, 2});
  geometry.origin = {10, 20, 30};
  const auto volume = test::world_field(geometry);
  PreprocessOptions options;
  Augmentation a;
  a.affine = true;
  a.flip = {true, false, true};
  a.rotate = {5, -10, 15};
  a.scale = 1.3;
  a.translate = {0.5, -1, 2};
  const auto prepared = prepare({volume}, {}, false, options);
  const auto later = apply(prepared.values, prepared.geometry, a, options);
  const auto fused = prepare({volume}, {}, false, options, &a).values;
  EXPECT_LT((later - fused).abs().max().item<double>(), 1e-2);
  EXPECT_GT((later - prepared.values).abs().max().item<double>(), 1);
}

}  // namespace
}  // namespace photo51::preprocess

#include "photo51/nn/layers/rotary.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace photo51::nn {
namespace {

double farthest_turned(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

/// Of the place (1, 2) of a grid of 2 x 3: two angles of its row, then two of its column.
TEST(Rotary, AxialAnglesArePlacesTimesFrequencies) {
  const Rotation rotation = make_rotation({}, {2, 3}, 8, 0, at::zeros({1}));
  ASSERT_EQ(rotation.sine.sizes(), (std::vector<int64_t>{6, 8}));
  const at::Tensor angles = at::tensor({1., 1., 0.01, 0.01, 2., 2., 0.02, 0.02});
  EXPECT_LE(farthest_turned(rotation.sine[5], angles.sin()), 1e-7);
  EXPECT_LE(farthest_turned(rotation.cosine[5], angles.cos()), 1e-7);
  const Rotation other = make_rotation({.temperature = 100, .reference = 12}, {2, 3}, 8, 0, at::zeros({1}));
  EXPECT_LE(farthest_turned(other.sine[5], at::tensor({6., 6., 0.6, 0.6, 8., 8., 0.8, 0.8}).sin()), 1e-6);
}

TEST(Rotary, Dinov3AnglesAreOfTheMiddlesOfPatches) {
  const Rotation rotation =
      make_rotation({.kind = RotaryKind::dinov3}, {2, 4}, 8, 0, at::zeros({1}, at::kDouble));
  EXPECT_EQ(rotation.sine.scalar_type(), at::kDouble);
  const double turn = 2 * std::numbers::pi;  // periods 1 and 10; the place (0, 3) is (-1/2, 3/4)
  const at::Tensor angles = at::tensor({-0.5, -0.05, 0.75, 0.075}, at::kDouble) * turn;
  EXPECT_LE(farthest_turned(rotation.sine[3], at::cat({angles, angles}).sin()), 1e-7);
  EXPECT_LE(farthest_turned(rotation.cosine[3], at::cat({angles, angles}).cos()), 1e-7);
}

/// 100^(1/3) = 4.6416 is 4.65625 in bfloat16.
TEST(Rotary, PeriodsAreRoundedToTheStatedType) {
  const RotaryOptions options{.kind = RotaryKind::dinov3, .dtype = RotaryDtype::bfloat16};
  const Rotation rotation = make_rotation(options, {1, 4}, 12, 0, at::zeros({1}, at::kDouble));
  EXPECT_NEAR(rotation.sine[3][4].item<double>(), std::sin(2 * std::numbers::pi * 0.75 / 4.65625), 1e-9);
}

TEST(Rotary, PairsAreTurnedAndPrefixTokensAreNot) {
  const at::Tensor x = at::randn({2, 3, 7, 8}, at::kDouble);
  for (const RotaryKind kind : {RotaryKind::axial, RotaryKind::dinov3}) {
    const Rotation rotation = make_rotation({.kind = kind}, {2, 3}, 8, 1, x);
    const at::Tensor y = rotation.apply(x);
    EXPECT_TRUE(at::equal(y.select(2, 0), x.select(2, 0)));
    const int64_t partner = kind == RotaryKind::axial ? 1 : 4;
    const double sine = rotation.sine[5][0].item<double>(), cosine = rotation.cosine[5][0].item<double>();
    const at::Tensor a = x.select(2, 6).select(2, 0), b = x.select(2, 6).select(2, partner);
    EXPECT_LE(farthest_turned(y.select(2, 6).select(2, 0), a * cosine - b * sine), 1e-12);
    EXPECT_LE(farthest_turned(y.select(2, 6).select(2, partner), b * cosine + a * sine), 1e-12);
  }
}

/// What it is for: the product of a query and a key depends on how far apart they are, in 3D too.
TEST(Rotary, ProductsDependOnDistance) {
  const at::Tensor q = at::randn({12}, at::kDouble), k = at::randn({12}, at::kDouble);
  const Rotation rotation = make_rotation({}, {2, 3, 4}, 12, 0, q);
  const auto all = [&](const at::Tensor& one) { return rotation.apply(one.expand({1, 1, 24, 12}))[0][0]; };
  const at::Tensor products = at::matmul(all(q), all(k).t());
  EXPECT_NEAR(products[0][17].item<double>(), products[6][23].item<double>(),
              1e-6);  // 1, 1, 1 and 1, 2, 2 ahead
  EXPECT_GT(std::abs((products[0][17] - products[0][16]).item<double>()), 1e-6);
}

TEST(Rotary, FeaturesThatTheAxesDoNotShareAreLeft) {
  const at::Tensor x = at::randn({1, 1, 8, 8}, at::kDouble);
  for (const RotaryKind kind : {RotaryKind::axial, RotaryKind::dinov3}) {
    const at::Tensor y = make_rotation({.kind = kind}, {2, 2, 2}, 8, 0, x).apply(x);
    const int64_t left = kind == RotaryKind::axial ? 6 : 3;
    EXPECT_TRUE(at::equal(y.select(3, left), x.select(3, left)));
    EXPECT_TRUE(at::equal(y.select(3, 7), x.select(3, 7)));
    EXPECT_FALSE(at::equal(y.select(3, 0), x.select(3, 0)));
  }
}

TEST(Rotary, KeepsTheTokensType) {
  const at::Tensor x = at::randn({1, 1, 4, 4}).to(at::kBFloat16);
  EXPECT_EQ(make_rotation({}, {2, 2}, 4, 0, x).apply(x).scalar_type(), at::kBFloat16);
}

}  // namespace
}  // namespace photo51::nn

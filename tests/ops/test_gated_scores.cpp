#include "photo51/ops/gated_scores.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ops/bag_case.hpp"
#include "support/errors.hpp"
#include "support/gradient.hpp"

namespace photo51::ops {
namespace {

using test::apart;
using test::gated_by_steps;
using test::TwoLeaves;
using ::testing::HasSubstr;

/// `spread` of what goes through tanh and sigmoid.
void expect_gated_as_steps(at::ScalarType type, int64_t rows, int64_t width, int64_t heads, double spread) {
  SCOPED_TRACE(c10::str(type, ", ", rows, " rows, width ", width, ", ", heads, " heads, of ", spread));
  const double tolerance = type == at::kDouble ? 1e-12 : 1e-5;
  const TwoLeaves gates(at::randn({rows, 2 * width}, at::kDouble) * spread, type);
  const TwoLeaves bias(at::randn({2 * width}, at::kDouble) * spread, test::wide_type(type));
  const TwoLeaves weight(at::randn({heads, width}, at::kDouble), test::wide_type(type));
  const at::Tensor found = gated_scores(gates.leaf, bias.leaf, weight.leaf);
  const at::Tensor expected = gated_by_steps(gates.wide, bias.wide, weight.wide);
  EXPECT_EQ(found.scalar_type(), test::wide_type(type));
  EXPECT_LT(apart(found, expected), tolerance);
  const at::Tensor by = at::randn_like(expected);
  (found * by).sum().backward();
  (expected * by).sum().backward();
  EXPECT_LT(apart(gates.leaf.grad(), gates.wide.grad()), type == at::kBFloat16 ? 4e-3 : tolerance);
  EXPECT_LT(apart(bias.leaf.grad(), bias.wide.grad()), tolerance);
  EXPECT_LT(apart(weight.leaf.grad(), weight.wide.grad()), tolerance);
}

TEST(GatedScores, AreTheFormula) {
  at::manual_seed(1);
  for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble})
    for (const int64_t width : {1, 37, 128})
      for (const int64_t heads : {1, 3})
        for (const int64_t rows : {1, 700}) expect_gated_as_steps(type, rows, width, heads, 1);
}

TEST(GatedScores, SmallAndLargeGatesKeepTheirDigits) {
  at::manual_seed(2);
  for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble})
    for (const double spread : {1e-6, 30.0, 1e4}) expect_gated_as_steps(type, 300, 40, 2, spread);
}

/// In several chunks of rows, with and without a gradient, by all that it may be wanted of.
TEST(GatedScores, OfAProductAreThoseOfItsGates) {
  at::manual_seed(4);
  const int64_t rows = 2500, width = 512;
  const at::Tensor by = at::randn({rows, 1}, at::kDouble);
  for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble}) {
    const auto wide = test::wide_type(type);
    const double tolerance = type == at::kDouble ? 1e-12 : type == at::kFloat ? 1e-5 : 2e-2;
    const TwoLeaves x(at::randn({rows, 3}, at::kDouble), wide);
    const TwoLeaves weight(at::randn({2 * width, 3}, at::kDouble), wide);
    const TwoLeaves bias(at::randn({2 * width}, at::kDouble), wide);
    const TwoLeaves score(at::randn({1, width}, at::kDouble), wide);
    const at::Tensor found = gated_scores_of(x.leaf, weight.leaf, bias.leaf, score.leaf, type);
    const at::Tensor expected = gated_by_steps(at::matmul(x.wide, weight.wide.t()), bias.wide, score.wide);
    EXPECT_LT(apart(found, expected), tolerance) << type;
    (found * by).sum().backward();
    (expected * by).sum().backward();
    for (const TwoLeaves* of : {&x, &weight, &bias, &score})
      EXPECT_LT(apart(of->leaf.grad(), of->wide.grad()), tolerance) << type;
    {
      const at::NoGradGuard no_grad;
      EXPECT_TRUE(at::equal(gated_scores_of(x.leaf, weight.leaf, bias.leaf, score.leaf, type), found));
    }
    const at::Tensor data = x.leaf.detach();
    gated_scores_of(data, weight.leaf, bias.leaf, score.leaf, type).sum().backward();
    EXPECT_FALSE(data.grad().defined());
    const at::Tensor frozen = weight.leaf.detach();
    gated_scores_of(x.leaf, frozen, bias.leaf, score.leaf, type).sum().backward();
    EXPECT_FALSE(frozen.grad().defined());
  }
  EXPECT_TRUE(has_gated_scores(at::kCPU, at::kBFloat16));
  EXPECT_FALSE(has_gated_scores(at::kCPU, at::kHalf));
}

TEST(GatedScores, NoRowsHaveNoScores) {
  const at::Tensor weight = at::ones({2, 3}).set_requires_grad(true);
  const at::Tensor found = gated_scores(at::zeros({0, 6}), at::zeros({6}), weight);
  EXPECT_EQ(found.sizes(), at::IntArrayRef({0, 2}));
  found.sum().backward();
  EXPECT_TRUE(at::equal(weight.grad(), at::zeros({2, 3})));
}

TEST(GatedScores, WhatIsNoNumberStaysSo) {
  for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble}) {
    at::Tensor gates = at::zeros({40, 80}, type);
    gates[3][70] = NAN;
    gates[7][2] = NAN;
    const auto wide = at::TensorOptions(test::wide_type(type));
    const at::Tensor found = gated_scores(gates, at::zeros({80}, wide), at::ones({1, 40}, wide)).isnan();
    EXPECT_EQ(found.sum().item<int64_t>(), 2);
    EXPECT_TRUE((found[3] & found[7]).item<bool>());
  }
}

TEST(GatedScores, GradientsAreRight) {
  at::manual_seed(3);
  const at::Tensor gates = at::randn({4, 6}, at::kDouble), bias = at::randn({6}, at::kDouble);
  const at::Tensor weight = at::randn({2, 3}, at::kDouble), by = at::randn({4, 2}, at::kDouble);
  test::expect_gradient([&](const at::Tensor& x) { return (gated_scores(x, bias, weight) * by).sum(); },
                        gates);
  test::expect_gradient([&](const at::Tensor& x) { return (gated_scores(gates, x, weight) * by).sum(); },
                        bias);
  test::expect_gradient([&](const at::Tensor& x) { return (gated_scores(gates, bias, x) * by).sum(); },
                        weight);
}

TEST(GatedScores, ThreadsDoNotChangeThem) {
  const at::Tensor gates = at::randn({2000, 20}), bias = at::randn({20}), weights = at::randn({1, 10});
  const auto run = [&](int threads) {
    const int before = at::get_num_threads();
    at::set_num_threads(threads);
    const at::Tensor weight = weights.detach().clone().set_requires_grad(true);
    gated_scores(gates, bias, weight).square().sum().backward();
    at::set_num_threads(before);
    return weight.grad();
  };
  EXPECT_TRUE(at::equal(run(1), run(3)));
}

TEST(GatedScores, EveryMisuseIsNamed) {
  const at::Tensor gates = at::zeros({4, 6}), bias = at::zeros({6}), weight = at::zeros({1, 3});
  const char* const shapes = "takes gates [N, 2 W], bias [2 W] and weight [K, W]";
  PHOTO51_EXPECT_ERROR(gated_scores(at::zeros({4, 5}), bias, weight), usage, HasSubstr(shapes));
  PHOTO51_EXPECT_ERROR(gated_scores(gates, at::zeros({3}), weight), usage, HasSubstr(shapes));
  PHOTO51_EXPECT_ERROR(gated_scores(gates, bias, at::zeros({3})), usage, HasSubstr(shapes));
  PHOTO51_EXPECT_ERROR(gated_scores(at::Tensor(), bias, weight), usage, HasSubstr(shapes));
  PHOTO51_EXPECT_ERROR(gated_scores(gates, bias.to(at::kMeta), weight), usage,
                       HasSubstr("lie on one device"));
  PHOTO51_EXPECT_ERROR(gated_scores(gates, bias, weight.to(at::kMeta)), usage,
                       HasSubstr("lie on one device"));
  PHOTO51_EXPECT_ERROR(gated_scores(gates.to(at::kHalf), bias, weight), usage,
                       HasSubstr("gates are float32, bfloat16 or float64; convert them first"));
  PHOTO51_EXPECT_ERROR(
      gated_scores(gates, bias.to(at::kDouble), weight), usage,
      HasSubstr("bias and weight are float64 beside gates of float64 and float32 otherwise"));
}

}  // namespace
}  // namespace photo51::ops

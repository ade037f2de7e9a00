#include "photo51/nn/layers/continuous_position_bias.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

namespace photo51::nn {
namespace {

/// A difference of a whole window is 8, whose logarithm by base 8 of 1 + it is known.
TEST(ContinuousPositionBias, CoordinatesAreLogarithmsOfDifferences) {
  const ContinuousPositionBias layer(2, {2, 3}, {2, 3});
  const at::Tensor c = layer.coordinates(at::kCPU);
  ASSERT_EQ(c.sizes(), (std::vector<int64_t>{1, 3, 5, 2}));
  const float whole = std::log2(9.F) / 3, half = std::log2(5.F) / 3;
  EXPECT_TRUE(at::allclose(c[0][2][0], at::tensor({whole, -whole})));
  EXPECT_TRUE(at::allclose(c[0][1][3], at::tensor({0.F, half})));
}

/// The same differences in places give the same whatever the window is.
TEST(ContinuousPositionBias, ALargerWindowKeepsTheDifferencesOfTheTrainedOne) {
  const ContinuousPositionBias trained(2, {2, 3}, {2, 3}), larger(2, {4, 4}, {2, 3});
  const at::Tensor inner = larger.coordinates(at::kCPU).slice(1, 2, 5).slice(2, 1, 6);
  EXPECT_TRUE(at::allclose(inner, trained.coordinates(at::kCPU)));
  const ContinuousPositionBias one(2, {1, 3}, {1, 3});
  EXPECT_TRUE(one.coordinates(at::kCPU).isfinite().all().item<bool>());
}

TEST(ContinuousPositionBias, IsWithin16AndOfDifferencesAlone) {
  const at::NoGradGuard no_grad;
  ContinuousPositionBias layer(2, {2, 3}, {2, 3});
  for (auto& parameter : layer.parameters()) parameter.normal_();
  const at::Tensor bias = layer.forward();
  ASSERT_EQ(bias.sizes(), (std::vector<int64_t>{1, 2, 6, 6}));
  EXPECT_TRUE(bias.ge(0).logical_and(bias.le(16)).all().item<bool>());
  EXPECT_TRUE(at::equal(bias[0].select(1, 1).select(1, 0), bias[0].select(1, 5).select(1, 4)));
  EXPECT_FALSE(at::equal(bias[0].select(1, 1).select(1, 0), bias[0].select(1, 0).select(1, 1)));
}

}  // namespace
}  // namespace photo51::nn

#include <torch/nn/module.h>

#include "support/errors.hpp"
#include "training/optim/ema.hpp"

namespace photo51::training {
namespace {

TEST(ExponentialMovingAverage, FollowsTheFormula) {
  const at::Tensor weight = at::zeros({1}), count = at::zeros({}, at::kLong);
  const NamedTensors weights{{"w", weight}, {"n", count}};
  ExponentialMovingAverage average(0.25, weights);
  weight.fill_(11);
  count.fill_(1);
  average.update(weights);  // d = min(0.25, 2/11) = 2/11: 0 * 2/11 + 11 * 9/11 = 9
  EXPECT_NEAR(average.state().at("w").item<double>(), 9, 1e-5);
  EXPECT_EQ(average.state().at("n").item<int64_t>(), 1);
  weight.fill_(1);
  average.update(weights);  // d = min(0.25, 3/12) = 0.25: 9 / 4 + 3 / 4 = 3
  EXPECT_NEAR(average.state().at("w").item<double>(), 3, 1e-5);
  average.update(weights);  // d = 0.25: 3 / 4 + 3 / 4 = 1.5
  EXPECT_NEAR(average.state().at("w").item<double>(), 1.5, 1e-5);
}

TEST(ExponentialMovingAverage, SwapsTwiceToWhatItWas) {
  const at::Tensor weight = at::ones({2});
  const NamedTensors weights{{"w", weight}};
  ExponentialMovingAverage average(0.9, weights);
  weight.fill_(5);
  average.swap(weights);
  EXPECT_DOUBLE_EQ(weight[0].item<double>(), 1);
  EXPECT_DOUBLE_EQ(average.state().at("w")[0].item<double>(), 5);
  average.swap(weights);
  EXPECT_DOUBLE_EQ(weight[0].item<double>(), 5);
}

TEST(ExponentialMovingAverage, RefusesTheStateOfAnother) {
  ExponentialMovingAverage average(0.9, {{"w", at::ones({2})}});
  const auto why = ::testing::HasSubstr("the averaged weights lack `w` or have it in another shape");
  PHOTO51_EXPECT_ERROR(average.load({{"v", at::ones({2})}}, 3), data, why);
  PHOTO51_EXPECT_ERROR(average.load({{"w", at::ones({3})}}, 3), data, why);
  average.load({{"w", at::full({2}, 7)}}, 3);
  EXPECT_EQ(average.steps(), 3);
  EXPECT_DOUBLE_EQ(average.state().at("w")[1].item<double>(), 7);
}

}  // namespace
}  // namespace photo51::training

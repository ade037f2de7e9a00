#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

/// With equal queries the attention is even; behind the mean stands the largest score.
TEST(Dsmil, TokensHoldBothStreams) {
  const at::NoGradGuard no_grad;
  const auto pool = bag_pool("dsmil", 2);
  auto weights = nn::state_of(*pool);
  weights.at("q.2.weight").zero_();
  weights.at("i_classifier.weight").copy_(at::tensor({1.F, 0.F}).view({1, 2}));
  weights.at("i_classifier.bias").fill_(0.5);
  const at::Tensor features = at::tensor({1.F, 8.F, 3.F, 2.F, -5.F, -6.F}).view({3, 2});
  const auto found = pool->forward(features, lengths({2, 1}), first_view(3));
  EXPECT_EQ(pool->width(), 3);
  EXPECT_TRUE(
      at::allclose(found.values.view({2, 3}), at::tensor({2.F, 5.F, 3.5F, -5.F, -6.F, -4.5F}).view({2, 3})));
  EXPECT_TRUE(at::allclose(found.attention, at::tensor({0.5F, 0.5F, 1.F})));
}

TEST(Dsmil, TheCriticalInstancesAreTaughtInTraining) {
  const auto pool =
      bag_pool(config::choose("dsmil", DsmilOptions{.max_loss_weight = 0.5, .head = ""}), 2, {{"grade", 3}});
  EXPECT_EQ(pool->width(), 9);
  const at::Tensor classes = at::tensor({2, -1}, at::kLong);
  const auto losses = [&](const at::Tensor& of_bags) {
    return pool->forward(at::ones({3, 2}), lengths({2, 1}), first_view(3), of_bags).losses;
  };
  ASSERT_THAT(losses(classes), testing::ElementsAre(testing::Key("max")));
  EXPECT_EQ(losses(classes).at("max").weight, 0.5);
  losses(classes).at("max").value.backward();
  EXPECT_GT(nn::state_of(*pool).at("i_classifier.weight").grad().abs().sum().item<double>(), 0);
  EXPECT_THAT(losses(at::tensor({-1, -1}, at::kLong)), testing::IsEmpty());
  pool->eval();
  EXPECT_THAT(losses(classes), testing::IsEmpty());
}

}  // namespace
}  // namespace photo51::backbones

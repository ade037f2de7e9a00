#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

void set(const BagPool& pool, const std::string& name, const at::Tensor& values) {
  const at::NoGradGuard no_grad;
  auto weights = nn::state_of(pool);
  weights.at(name).copy_(values.view_as(weights.at(name)));
}

/// One layer that swaps and doubles, then the maximum; a score that is their difference.
TEST(MiNet, IsTheLargestOfWhatItsLayersMake) {
  const at::Tensor features = at::tensor({1.F, 2.F, 5.F, -1.F, -3.F, -4.F}).view({3, 2});
  for (const MiNetLevel level : {MiNetLevel::embedding, MiNetLevel::instance}) {
    const auto pool =
        bag_pool(config::choose("mi_net", MiNetOptions{.level = level, .hidden = {2}}), 2, test::one_head);
    set(*pool, "fc1.weight", at::tensor({0.F, 2.F, 2.F, 0.F}));
    set(*pool, "fc1.bias", at::zeros({2}));
    const bool scores = level == MiNetLevel::instance;
    if (scores) set(*pool, "score.weight", at::tensor({1.F, -1.F}));
    if (scores) set(*pool, "score.bias", at::tensor({0.5F}));
    const at::Tensor expected = scores ? at::tensor({2.5F, 0.5F}) : at::tensor({4.F, 10.F, 0.F, 0.F});
    const auto found = pool->forward(features, lengths({2, 1}), first_view(3));
    EXPECT_EQ(pool->width(), scores ? 1 : 2);
    EXPECT_TRUE(at::equal(found.values.view({-1}), expected));
    EXPECT_FALSE(found.attention.defined());
  }
}

TEST(MiNet, ScoresAreTaughtInTraining) {
  const auto pool =
      bag_pool(config::choose("mi_net", MiNetOptions{.hidden = {2}, .max_loss_weight = 0.5, .head = "grade"}),
               2, {{"idh", 2}, {"grade", 3}});
  EXPECT_EQ(pool->width(), 3);
  EXPECT_EQ(pool->label(), "grade");
  const auto losses = [&](const at::Tensor& classes) {
    return pool->forward(at::ones({3, 2}), lengths({2, 1}), first_view(3), classes).losses;
  };
  const at::Tensor classes = at::tensor({2, -1}, at::kLong);
  ASSERT_THAT(losses(classes), testing::ElementsAre(testing::Key("max")));
  EXPECT_EQ(losses(classes).at("max").weight, 0.5);
  EXPECT_THAT(losses(at::tensor({-1, -1}, at::kLong)), testing::IsEmpty());
  pool->eval();
  EXPECT_THAT(losses(classes), testing::IsEmpty());
}

TEST(MiNet, MisuseIsNamed) {
  MiNetOptions options{.level = MiNetLevel::embedding, .hidden = {}};
  EXPECT_THAT(
      test::message_of(core::Fault::usage, [&] { config::validate(options, "model"); }),
      testing::HasSubstr("hidden: needs a layer at level embedding; without one use `bag_pool: max`"));
  options.level = MiNetLevel::instance;
  options.head = "idh";
  EXPECT_NO_THROW(config::validate(options, "model"));
  options = {.level = MiNetLevel::embedding, .head = "idh"};
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { config::validate(options, "model"); }),
              testing::HasSubstr("head: is of level instance alone"));
}

}  // namespace
}  // namespace photo51::backbones

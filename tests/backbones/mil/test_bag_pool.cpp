#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <algorithm>

#include "backbones/mil/bag_pool_case.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/gradient.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;
using test::message_of;
using ::testing::HasSubstr;

TEST(BagPool, AViewsVectorIsAdded) {
  const at::NoGradGuard no_grad;
  const auto pool = bag_pool("max", 2, 2, true);
  nn::state_of(*pool).at("view_embedding").copy_(at::tensor({1.F, 2.F, 10.F, 20.F}).view({2, 2}));
  const auto found =
      pool->forward(at::zeros({3, 2}), lengths({1, 2}), at::tensor({0, 1, 0}, at::kLong)).values;
  EXPECT_TRUE(at::equal(found, at::tensor({1.F, 2.F, 10.F, 20.F}).view({2, 1, 2})));
}

TEST(BagPool, TheTableSaysWhichHaveAttention) {
  const at::NoGradGuard no_grad;
  const auto named = pools_with_attention();
  for (const auto& component : bag_pools().components()) {
    const auto pool = bag_pool(component.name, 3);
    pool->eval();
    const auto found = pool->forward(at::randn({5, 3}), lengths({2, 3}), first_view(5));
    const bool is_named = std::ranges::find(named, component.name) != named.end();
    EXPECT_EQ(found.attention.defined(), is_named) << component.name;
    EXPECT_EQ(bag_pools().find(component.name)->facts.attention, is_named) << component.name;
  }
  EXPECT_EQ(named.size(), 8U);
}

/// The scores of single instances are those whose largest the bag has.
TEST(BagPool, SomeScoreInstances) {
  const at::NoGradGuard no_grad;
  for (const auto& component : bag_pools().components()) {
    const auto pool = bag_pool(component.name, 3);
    pool->eval();
    const auto found = pool->forward(at::randn({5, 3}), lengths({2, 3}), first_view(5));
    const bool scores = component.name == "mi_net" || component.name == "dsmil";
    ASSERT_EQ(found.scores.defined(), scores) << component.name;
    if (!scores) continue;
    ASSERT_EQ(found.scores.sizes(), at::IntArrayRef({5, 1}));
    for (const int64_t bag : {0, 1})
      EXPECT_EQ(found.scores.narrow(0, 2 * bag, 2 + bag).max().item<float>(),
                found.values[bag][0][-1].item<float>())
          << component.name;
  }
}

TEST(BagPool, GradientsAreRight) {
  for (const auto& component : bag_pools().components()) {
    const std::string& kind = component.name;
    at::manual_seed(4);
    const auto pool = bag_pool(kind, 3, 2, true);
    pool->to(at::kDouble);
    pool->eval();  // nothing is drawn
    const at::Tensor view = at::tensor({0, 1, 1, 0, 1}, at::kLong);
    const at::Tensor weight =
        at::randn_like(pool->forward(at::randn({5, 3}, at::kDouble), lengths({2, 3}), view).values.detach());
    test::expect_gradient(
        [&](const at::Tensor& x) {
          return (pool->forward(x, lengths({2, 3}), view).values * weight).sum();
        },
        at::randn({5, 3}));
    const at::Tensor features = at::randn({5, 3}, at::kDouble);
    for (const auto& entry : pool->named_parameters()) {
      at::Tensor parameter = entry.value();
      const at::Tensor before = parameter.detach().clone();
      pool->zero_grad();
      (pool->forward(features, lengths({2, 3}), view).values * weight).sum().backward();
      if (!parameter.grad().defined()) {  // what labels teach in training alone
        EXPECT_THAT(entry.key(), HasSubstr("classifier")) << kind;
        continue;
      }
      const at::Tensor gradient = parameter.grad().clone();
      const at::NoGradGuard no_grad;
      for (int64_t i = 0; i < std::min<int64_t>(parameter.numel(), 6); ++i) {
        const auto at_offset = [&](double step) {
          parameter.copy_(before);
          parameter.view(-1)[i] += step;
          return (pool->forward(features, lengths({2, 3}), view).values * weight).sum().item<double>();
        };
        EXPECT_NEAR(gradient.view(-1)[i].item<double>(), (at_offset(1e-5) - at_offset(-1e-5)) / 2e-5, 1e-6)
            << kind << " " << entry.key();
      }
      parameter.copy_(before);
    }
  }
}

TEST(BagPool, EveryMisuseIsNamed) {
  const auto pool = bag_pool("mean", 2, 2);
  const at::Tensor features = at::zeros({3, 2});
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           pool->forward(features, lengths({3, 0}), first_view(3));
                         }),
              HasSubstr("a bag has no instance"));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           pool->forward(features, lengths({2, 2}), first_view(3));
                         }),
              HasSubstr("the bags have 4 instances and there are 3"));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           pool->forward(features, lengths({3}), at::tensor({0, 2, 1}, at::kLong));
                         }),
              HasSubstr("each instance needs its view, a number below 2"));
  EXPECT_THAT(message_of(core::Fault::usage, [] { bag_pool(config::choose("logsumexp"), 2, {}); }),
              HasSubstr("bag_pool: there is no `logsumexp` (one of: mean, max, mi_net, "));
}

}  // namespace
}  // namespace photo51::backbones

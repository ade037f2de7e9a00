#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

std::shared_ptr<BagPool> dtfd(DtfdDistillation distillation, int64_t pseudo_bags, int64_t k_sample = 1) {
  at::manual_seed(7);
  return bag_pool(config::choose("dtfd", DtfdOptions{.embed_dim = 4,
                                                     .hidden = 3,
                                                     .pseudo_bags = pseudo_bags,
                                                     .distillation = distillation,
                                                     .k_sample = k_sample,
                                                     .head = ""}),
                  3, test::one_head);
}

BagPool::Pooled pooled(BagPool& pool, const at::Tensor& features, const at::Tensor& classes = {}) {
  return pool.forward(features, lengths({2, 9}), first_view(11), classes);
}

TEST(Dtfd, AttentionGoesToWhatIsDistilled) {
  const at::NoGradGuard no_grad;
  const at::Tensor features = at::randn({11, 3});
  const auto count = [&](DtfdDistillation distillation, int64_t pseudo_bags, int64_t k_sample) {
    const auto pool = dtfd(distillation, pseudo_bags, k_sample);
    const at::Tensor attention = pooled(*pool, features).attention;
    EXPECT_NEAR(attention.slice(0, 0, 2).sum().item<double>(), 1, 1e-5);
    EXPECT_NEAR(attention.slice(0, 2).sum().item<double>(), 1, 1e-5);
    return attention.slice(0, 2).count_nonzero().item<int64_t>();
  };
  EXPECT_EQ(count(DtfdDistillation::afs, 3, 1), 9);
  EXPECT_EQ(count(DtfdDistillation::maxs, 3, 1), 3);
  EXPECT_EQ(count(DtfdDistillation::maxmins, 3, 1), 6);
  EXPECT_EQ(count(DtfdDistillation::maxs, 4, 2), 8);
  EXPECT_EQ(count(DtfdDistillation::maxmins, 20, 1), 9);  // an instance each
}

/// Drawn anew at each step of training, from torch's generator; afterwards always the same.
TEST(Dtfd, PartsAreRandomInTrainingAlone) {
  const at::NoGradGuard no_grad;
  const auto pool = dtfd(DtfdDistillation::afs, 3);
  const at::Tensor features = at::randn({11, 3});
  at::manual_seed(1);
  const at::Tensor first = pooled(*pool, features).values, second = pooled(*pool, features).values;
  EXPECT_FALSE(at::equal(first, second));
  at::manual_seed(1);
  EXPECT_TRUE(at::equal(pooled(*pool, features).values, first));
  pool->eval();
  const at::Tensor all = pooled(*pool, features).values;
  EXPECT_TRUE(at::equal(pooled(*pool, features).values, all));
  // Nor does it matter what else is in the batch.
  EXPECT_TRUE(at::allclose(pool->forward(features.slice(0, 2), lengths({9}), first_view(9)).values[0], all[1],
                           1e-5, 1e-6));
}

TEST(Dtfd, PseudoBagsAreTaughtInTraining) {
  const auto pool = dtfd(DtfdDistillation::maxs, 3);
  const at::Tensor features = at::randn({11, 3}), classes = at::tensor({1, -1}, at::kLong);
  const auto losses = pooled(*pool, features, classes).losses;
  ASSERT_THAT(losses, testing::ElementsAre(testing::Key("tier_1")));
  EXPECT_THAT(pooled(*pool, features, at::tensor({-1, -1}, at::kLong)).losses, testing::IsEmpty());
  pool->eval();
  EXPECT_THAT(pooled(*pool, features, classes).losses, testing::IsEmpty());
}

}  // namespace
}  // namespace photo51::backbones

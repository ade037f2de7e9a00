#include "photo51/ops/bag_attention.hpp"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "ops/bag_case.hpp"
#include "support/errors.hpp"
#include "support/gradient.hpp"

namespace photo51::ops {
namespace {

using test::apart;
using test::bag_offsets;
using test::some_bags;
using test::TwoLeaves;
using ::testing::HasSubstr;

/// How far results and gradients may be from those in float64, beside their largest.
double tolerance_of(at::ScalarType values) {
  return values == at::kDouble ? 1e-12 : 2e-5;
}

void expect_same_as_steps(at::ScalarType type, int64_t heads, int64_t width, double spread) {
  SCOPED_TRACE(c10::str(type, ", ", heads, " heads, width ", width, ", scores of ", spread));
  const at::Tensor offsets = bag_offsets(some_bags);
  const int64_t count = offsets[-1].item<int64_t>();
  const TwoLeaves values(at::randn({count, width}, at::kDouble), type);
  const TwoLeaves scores(at::randn({count, heads}, at::kDouble) * spread, test::wide_type(type));
  const BagAttention found = bag_attention_pool(values.leaf, scores.leaf, offsets);
  const auto expected = test::pooled_bag_by_bag(values.wide, scores.wide, offsets);
  EXPECT_EQ(found.pooled.scalar_type(), test::wide_type(type));
  EXPECT_LT(apart(found.pooled, expected[0]), tolerance_of(type));
  EXPECT_LT(apart(found.attention, expected[1]), tolerance_of(type));

  const at::Tensor by_pooled = at::randn_like(expected[0]), by_attention = at::randn_like(expected[1]);
  ((found.pooled * by_pooled).sum() + (found.attention * by_attention).sum()).backward();
  ((expected[0] * by_pooled).sum() + (expected[1] * by_attention).sum()).backward();
  EXPECT_EQ(values.leaf.grad().scalar_type(), type);
  // Gradients by values are rounded to their type.
  EXPECT_LT(apart(values.leaf.grad(), values.wide.grad()), type == at::kBFloat16 ? 4e-3 : tolerance_of(type));
  // Where one score is far above the others hardly any gradient is left.
  EXPECT_LT(apart(scores.leaf.grad(), scores.wide.grad(), 0.1), tolerance_of(type));
}

TEST(BagAttention, IsTheSoftmaxOfEachBag) {
  at::manual_seed(1);
  for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble})
    for (const int64_t heads : {1, 4})
      for (const int64_t width : {1, 37, 64, 200}) expect_same_as_steps(type, heads, width, 1);
}

TEST(BagAttention, ExtremeScoresDoNotOverflow) {
  at::manual_seed(2);
  for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble}) expect_same_as_steps(type, 2, 9, 1e4);
}

TEST(BagAttention, EmptyBagsAreZero) {
  const auto none = bag_attention_pool(at::zeros({0, 3}), at::zeros({0, 2}), bag_offsets({0, 0}));
  EXPECT_TRUE(at::equal(none.pooled, at::zeros({2, 2, 3})));
  EXPECT_EQ(none.attention.sizes(), at::IntArrayRef({0, 2}));
  const auto no_bag = bag_attention_pool(at::zeros({0, 3}), at::zeros({0, 2}), bag_offsets({}));
  EXPECT_EQ(no_bag.pooled.sizes(), at::IntArrayRef({0, 2, 3}));
  const at::Tensor values = at::ones({2, 3}).set_requires_grad(true);
  const auto found = bag_attention_pool(values, at::zeros({2, 1}), bag_offsets({0, 2, 0}));
  EXPECT_TRUE(at::equal(found.pooled, at::tensor({0.F, 1.F, 0.F}).view({3, 1, 1}).expand({3, 1, 3})));
  found.pooled.sum().backward();
  EXPECT_TRUE(at::equal(values.grad(), at::full({2, 3}, 0.5)));
}

TEST(BagAttention, GradientsAreRight) {
  at::manual_seed(3);
  const at::Tensor offsets = bag_offsets({2, 0, 1, 4});
  const at::Tensor values = at::randn({7, 3}, at::kDouble), scores = at::randn({7, 2}, at::kDouble);
  const at::Tensor by_pooled = at::randn({4, 2, 3}, at::kDouble),
                   by_attention = at::randn({7, 2}, at::kDouble);
  const auto loss = [&](const at::Tensor& v, const at::Tensor& s, bool pooled, bool attention) {
    const BagAttention found = bag_attention_pool(v, s, offsets);
    at::Tensor sum = at::zeros({}, at::kDouble);
    if (pooled) sum = sum + (found.pooled * by_pooled).sum();
    if (attention) sum = sum + (found.attention * by_attention).sum();
    return sum;
  };
  test::expect_gradient([&](const at::Tensor& v) { return loss(v, scores, true, true); }, values);
  for (const auto& [pooled, attention] : {std::pair{true, true}, {true, false}, {false, true}})
    test::expect_gradient([&, pooled = pooled, attention = attention](
                              const at::Tensor& s) { return loss(values, s, pooled, attention); },
                          scores);
}

TEST(BagAttention, OnlyWhatLearnsHasAGradient) {
  const at::Tensor offsets = bag_offsets({2, 3});
  const at::Tensor values = at::randn({5, 3}), scores = at::randn({5, 1}).set_requires_grad(true);
  bag_attention_pool(values, scores, offsets).pooled.square().sum().backward();
  EXPECT_FALSE(values.grad().defined());
  EXPECT_TRUE(scores.grad().defined());
  EXPECT_FALSE(bag_attention_pool(values, at::randn({5, 1}), offsets).pooled.requires_grad());
  const c10::InferenceMode inference;
  EXPECT_FALSE(bag_attention_pool(values, scores, offsets).pooled.requires_grad());
}

TEST(BagAttention, OtherLayoutsAreTheSame) {
  const at::Tensor offsets = bag_offsets({600, 5});
  const at::Tensor values = at::randn({40, 605}), scores = at::randn({2, 605});
  const auto found = bag_attention_pool(values.t(), scores.t(), offsets);
  const auto expected = bag_attention_pool(values.t().contiguous(), scores.t().contiguous(), offsets);
  EXPECT_TRUE(at::equal(found.pooled, expected.pooled));
  EXPECT_TRUE(at::equal(found.attention, expected.attention));
}

/// To the last bit.
TEST(BagAttention, ThreadsDoNotChangeIt) {
  const at::Tensor offsets = bag_offsets({3000, 2, 700});
  const at::Tensor values = at::randn({3702, 50}), scores = at::randn({3702, 2});
  const auto run = [&](int threads) {
    const int before = at::get_num_threads();
    at::set_num_threads(threads);
    const at::Tensor x = values.detach().clone().set_requires_grad(true);
    const at::Tensor s = scores.detach().clone().set_requires_grad(true);
    const at::Tensor pooled = bag_attention_pool(x, s, offsets).pooled;
    pooled.square().sum().backward();
    at::set_num_threads(before);
    return std::vector{pooled.detach(), x.grad(), s.grad()};
  };
  const auto one = run(1), three = run(3);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(at::equal(one[i], three[i])) << i;
}

TEST(BagAttention, EveryMisuseIsNamed) {
  const at::Tensor values = at::zeros({3, 2}), scores = at::zeros({3, 1}), offsets = bag_offsets({1, 2});
  for (const at::Tensor& wrong : {at::zeros({4, 1}), at::zeros({3}), at::zeros({3, 0}), at::Tensor()})
    PHOTO51_EXPECT_ERROR(bag_attention_pool(values, wrong, offsets), usage,
                         HasSubstr("takes values [N, D] and scores [N, K]"));
  PHOTO51_EXPECT_ERROR(bag_attention_pool(values, scores.to(at::kMeta), offsets), usage,
                       HasSubstr("lie on one device"));
  PHOTO51_EXPECT_ERROR(bag_attention_pool(values.to(at::kHalf), scores, offsets), usage,
                       HasSubstr("values are float32, bfloat16 or float64; convert them first"));
  PHOTO51_EXPECT_ERROR(bag_attention_pool(values.to(at::kBFloat16), scores.to(at::kBFloat16), offsets), usage,
                       HasSubstr("scores are float64 beside values of float64 and float32 otherwise"));
  for (const at::Tensor& wrong : {offsets.to(at::kInt), offsets.view({1, 3}), at::Tensor()})
    PHOTO51_EXPECT_ERROR(bag_attention_pool(values, scores, wrong), usage,
                         HasSubstr("takes offsets [bags + 1], int64 on the CPU"));
  for (const auto& wrong : {std::vector<int64_t>{0, 2}, {1, 3}, {0, 4, 3}, {0, -1, 3}})
    PHOTO51_EXPECT_ERROR(bag_attention_pool(values, scores, at::tensor(wrong, at::kLong)), usage,
                         HasSubstr("the offsets grow from 0 to the number of instances"));
}

}  // namespace
}  // namespace photo51::ops

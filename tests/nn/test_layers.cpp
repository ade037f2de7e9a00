#include <torch/nn/module.h>

#include "photo51/nn/layers.hpp"

namespace photo51::backbones {
namespace {

TEST(Norm, BatchOfOneValueAChannelUsesTheRunningStatistics) {
  nn::Norm norm("batch", 3);
  norm.running_mean.fill_(1);
  norm.running_var.fill_(4);
  const at::Tensor out = norm.forward(at::full({1, 3, 1, 1}, 5.0));
  EXPECT_TRUE(at::allclose(out, at::full({1, 3, 1, 1}, 2.0), 1e-4, 1e-4));
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 0);
  norm.forward(at::randn({2, 3, 1, 1}));
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 1);
}

TEST(Norm, BatchNormalisesInTrainingAndRemembers) {
  nn::Norm norm("batch", 1);
  const at::Tensor x = at::tensor({1.0F, 3.0F}).view({2, 1, 1});
  EXPECT_TRUE(at::allclose(norm.forward(x).flatten(), at::tensor({-1.0F, 1.0F}), 1e-3, 1e-3));
  EXPECT_NEAR(norm.running_mean.item<float>(), 0.2, 1e-6);  // 0.9 * 0 + 0.1 * 2
  EXPECT_NEAR(norm.running_var.item<float>(), 1.1, 1e-6);   // 0.9 * 1 + 0.1 * 2 (unbiased)
}

TEST(Norm, InstanceAndGroupDoNotMixCases) {
  const at::Tensor x = at::randn({4, 6, 5, 5});
  for (const char* kind : {"instance", "group"}) {
    nn::Norm norm(kind, 6);
    EXPECT_TRUE(at::allclose(norm.forward(x).slice(0, 1, 2), norm.forward(x.slice(0, 1, 2)), 1e-5, 1e-6))
        << kind;
  }
  nn::Norm norm("instance", 6);
  const at::Tensor point = at::randn({4, 6, 1, 1});
  EXPECT_TRUE(at::equal(norm.forward(point), point));
}

TEST(SkipInit, NestsAndEnds) {
  EXPECT_FALSE(nn::SkipInit::active());
  {
    const nn::SkipInit outer;
    { const nn::SkipInit inner; }
    EXPECT_TRUE(nn::SkipInit::active());
  }
  EXPECT_FALSE(nn::SkipInit::active());
}

TEST(Layers, SameSeedSameValues) {
  at::manual_seed(4);
  const nn::Conv first({.in = 2, .out = 3, .bias = true});
  at::manual_seed(4);
  const nn::Conv second({.in = 2, .out = 3, .bias = true});
  EXPECT_TRUE(at::equal(first.weight, second.weight));
}

TEST(Layers, HeAndTruncatedNormalHaveTheirDeviation) {
  at::manual_seed(1);
  const nn::Conv conv({.dims = 3, .in = 16, .out = 64, .kernel = 3});
  EXPECT_NEAR(conv.weight.std().item<double>(), std::sqrt(2.0 / (64 * 27)), 5e-4);
  at::Tensor values = at::empty({100000});
  nn::fill_truncated_normal(values, 0.5);
  EXPECT_LE(values.abs().max().item<double>(), 1.0 + 1e-6);
  EXPECT_NEAR(values.std().item<double>(), 0.5 * 0.8796, 0.005);  // a normal cut at two deviations
}

}  // namespace
}  // namespace photo51::backbones

#include "photo51/nn/layers/batch_norm.hpp"

#include <torch/nn/module.h>

namespace photo51::nn {
namespace {

TEST(BatchNorm, OneValueAChannelUsesTheRunningStatistics) {
  BatchNorm norm(3);
  norm.running_mean.fill_(1);
  norm.running_var.fill_(4);
  const at::Tensor out = norm.forward(at::full({1, 3, 1, 1}, 5.0));
  EXPECT_TRUE(at::allclose(out, at::full({1, 3, 1, 1}, 2.0), 1e-4, 1e-4));
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 0);
  norm.forward(at::randn({2, 3, 1, 1}));
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 1);
}

TEST(BatchNorm, NormalisesInTrainingAndRemembers) {
  BatchNorm norm(1);
  const at::Tensor x = at::tensor({1.0F, 3.0F}).view({2, 1, 1});
  EXPECT_TRUE(at::allclose(norm.forward(x).flatten(), at::tensor({-1.0F, 1.0F}), 1e-3, 1e-3));
  EXPECT_NEAR(norm.running_mean.item<float>(), 0.2, 1e-6);  // 0.9 * 0 + 0.1 * 2
  EXPECT_NEAR(norm.running_var.item<float>(), 1.1, 1e-6);   // 0.9 * 1 + 0.1 * 2 (unbiased)
}

}  // namespace
}  // namespace photo51::nn

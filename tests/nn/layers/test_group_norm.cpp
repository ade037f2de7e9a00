#include "photo51/nn/layers/group_norm.hpp"

#include <torch/nn/module.h>

namespace photo51::nn {
namespace {

TEST(GroupNorm, DoesNotMixCases) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({4, 6, 5, 5});
  GroupNorm norm(6);
  EXPECT_TRUE(at::allclose(norm.forward(x).slice(0, 1, 2), norm.forward(x.slice(0, 1, 2)), 1e-5, 1e-6));
}

/// 12 channels in 6 groups (the most up to 8 that divide them): of two channels each.
TEST(GroupNorm, HasAsManyGroupsAsDivideTheChannels) {
  const at::NoGradGuard no_grad;
  GroupNorm norm(12);
  const at::Tensor y = norm.forward(at::randn({2, 12, 7})).view({2, 6, 14});
  EXPECT_LT(y.mean(2).abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(at::allclose(y.var(2, false), at::ones({2, 6}), 1e-3, 1e-3));
}

TEST(GroupNorm, MayHaveAGroupAChannel) {
  const at::NoGradGuard no_grad;
  GroupNorm norm(12, 1e-5, 12);
  const at::Tensor x = at::randn({2, 12, 7});
  const at::Tensor expected = (x - x.mean(2, true)) / (x.var(2, false, true) + 1e-5).sqrt();
  EXPECT_TRUE(at::allclose(norm.forward(x), expected, 1e-4, 1e-5));
}

}  // namespace
}  // namespace photo51::nn

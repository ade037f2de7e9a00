#include "photo51/nn/layers/instance_norm.hpp"

#include <torch/nn/module.h>

namespace photo51::nn {
namespace {

TEST(InstanceNorm, DoesNotMixCasesOrChannels) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({4, 6, 5, 5});
  InstanceNorm norm(6);
  const at::Tensor y = norm.forward(x);
  EXPECT_TRUE(at::allclose(y.slice(0, 1, 2), norm.forward(x.slice(0, 1, 2)), 1e-5, 1e-6));
  EXPECT_LT(y.mean({2, 3}).abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(at::allclose(y.var({2, 3}, false), at::ones({4, 6}), 1e-3, 1e-3));
}

TEST(InstanceNorm, ASinglePlacePassesUnchanged) {
  const at::NoGradGuard no_grad;
  InstanceNorm norm(6);
  const at::Tensor point = at::randn({4, 6, 1, 1});
  EXPECT_TRUE(at::equal(norm.forward(point), point));
}

}  // namespace
}  // namespace photo51::nn

#include "photo51/nn/layers/layer_norm.hpp"

#include <torch/nn/module.h>

namespace photo51::nn {
namespace {

at::Tensor normalised(const at::Tensor& x, int64_t axis) {
  return (x - x.mean(axis, true)) / (x.var(axis, false, true) + 1e-5).sqrt();
}

TEST(LayerNorm, IsTheFormulaOverTheLastAxis) {
  const at::NoGradGuard no_grad;
  const LayerNorm norm(6);
  at::Tensor weight = norm.weight, bias = norm.bias;
  weight.fill_(2);
  bias.fill_(3);
  const at::Tensor x = at::randn({2, 5, 6});
  EXPECT_TRUE(at::allclose(norm.forward(x), 2 * normalised(x, 2) + 3, 1e-4, 1e-5));
}

TEST(ChannelLayerNorm, IsTheFormulaOverTheChannels) {
  const at::NoGradGuard no_grad;
  ChannelLayerNorm norm(6);
  norm.weight.copy_(at::arange(6));
  const at::Tensor x = at::randn({2, 6, 3, 4, 5});
  EXPECT_TRUE(at::allclose(norm.forward(x), normalised(x, 1) * at::arange(6).view({6, 1, 1, 1}), 1e-4, 1e-5));
}

}  // namespace
}  // namespace photo51::nn

#include "photo51/nn/layers/global_response_norm.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {
namespace {

/// Two channels of lengths 5 and 15 over two places: their shares of the mean are 1/2 and 3/2.
TEST(GlobalResponseNorm, IsTheFormulaWhateverAxisTheChannelsAre) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::tensor({3.F, 4.F, 9.F, 12.F}).view({1, 2, 1, 2});
  const at::Tensor expected = at::tensor({3 + 3 + 1.F, 4 + 4 + 1.F, 9 + 27.F, 12 + 36.F}).view({1, 2, 1, 2});
  for (const int64_t channel_dim : {1, -1}) {
    const GlobalResponseNorm norm(2, channel_dim);
    at::Tensor weight = norm.weight, bias = norm.bias;
    weight.fill_(2);
    bias[0] = 1;
    const auto placed = [&](const at::Tensor& of) { return of.movedim(1, channel_dim); };
    EXPECT_TRUE(at::allclose(norm.forward(placed(x)), placed(expected))) << channel_dim;
  }
}

TEST(GlobalResponseNorm, BeginsAsTheIdentityAndReports) {
  const GlobalResponseNorm norm(3, 1);
  const Capture capture(norm);
  const at::Tensor x = at::randn({2, 3, 2, 4, 5});
  EXPECT_TRUE(at::equal(norm.forward(x), x));
  EXPECT_EQ(capture.activations("").size(), 1U);
}

/// A channel of zeros has no direction to grow in, and its gradient is a number.
TEST(GlobalResponseNorm, HasAGradientAtZero) {
  const GlobalResponseNorm norm(2, 1);
  const at::Tensor x = at::zeros({1, 2, 3, 3}).requires_grad_();
  norm.forward(x).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), at::ones_like(x)));
}

/// Parameters of another shape, which the module around it has registered under its own names.
TEST(GlobalResponseNorm, TakesParametersOfTheModuleAroundIt) {
  const at::NoGradGuard no_grad;
  const GlobalResponseNorm own(2, 1);
  at::Tensor weight = own.weight, bias = own.bias;
  weight.uniform_();
  bias.uniform_();
  const GlobalResponseNorm outer(weight.view({1, 2, 1, 1}), bias.view({1, 2, 1, 1}), 1);
  EXPECT_TRUE(outer.parameters().empty());
  EXPECT_EQ(outer.seen_parameters().size(), 2U);
  const at::Tensor x = at::randn({3, 2, 4, 5});
  EXPECT_TRUE(at::equal(outer.forward(x), own.forward(x)));
}

}  // namespace
}  // namespace photo51::nn

#include "photo51/nn/layers/linear.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {
namespace {

TEST(Linear, IsTheMatrixProduct) {
  const at::NoGradGuard no_grad;
  const Linear linear(3, 2);
  const at::Tensor x = at::randn({4, 5, 3});
  EXPECT_TRUE(at::allclose(linear.forward(x), at::matmul(x, linear.weight.t()) + linear.bias, 1e-5, 1e-6));
}

TEST(Linear, HasABiasOrNone) {
  EXPECT_EQ(state_of(Linear(3, 2)).size(), 2U);
  const at::NoGradGuard no_grad;
  const Linear plain(3, 2, false);
  EXPECT_EQ(state_of(plain).size(), 1U);
  EXPECT_EQ(plain.forward(at::zeros({1, 3})).abs().sum().item<float>(), 0);
}

TEST(Linear, TheBiasIsDrawnAfterTheWeight) {
  at::manual_seed(7);
  const Linear with(3, 2);
  at::manual_seed(7);
  const Linear without(3, 2, false);
  EXPECT_TRUE(at::equal(with.weight, without.weight));
  EXPECT_LE(with.bias.abs().max().item<double>(), 1 / std::sqrt(3.0));
}

}  // namespace
}  // namespace photo51::nn

#include "photo51/nn/autocast.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace photo51::nn {
namespace {

TEST(Autocast, RoundsProductsWhileItLives) {
  const at::Tensor a = at::ones({2, 2});
  const auto type_of_product = [&] { return at::matmul(a, a).scalar_type(); };
  EXPECT_EQ(type_of_product(), at::kFloat);
  {
    const Autocast outer(at::kCPU, at::kBFloat16);
    EXPECT_EQ(type_of_product(), at::kBFloat16);
    {
      const Autocast inner(at::kCPU, at::kHalf);
      EXPECT_EQ(type_of_product(), at::kHalf);
    }
    EXPECT_EQ(type_of_product(), at::kBFloat16);
    EXPECT_EQ((a + a).scalar_type(), at::kFloat);
  }
  EXPECT_EQ(type_of_product(), at::kFloat);
}

/// A weight is rounded once, and anew when it has changed.
TEST(Autocast, SeesWeightsAsTheyAre) {
  at::Tensor weight = at::ones({2, 2}).requires_grad_();
  const auto sum = [&] {
    const Autocast autocast(at::kCPU, at::kBFloat16);
    return at::matmul(weight, at::ones({2, 2})).sum().item<double>();
  };
  EXPECT_EQ(sum(), 8);
  {
    const at::NoGradGuard no_grad;
    weight.fill_(2);
  }
  EXPECT_EQ(sum(), 16);
}

}  // namespace
}  // namespace photo51::nn

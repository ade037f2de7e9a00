#include "photo51/nn/layers/dropout.hpp"

#include <torch/nn/module.h>

namespace photo51::nn {
namespace {

TEST(Dropout, ZeroesItsShareInTrainingOnly) {
  at::manual_seed(3);
  Dropout dropout(0.25);
  const at::Tensor x = at::ones({100, 100}), y = dropout.forward(x);
  EXPECT_NEAR(y.eq(0).to(at::kDouble).mean().item<double>(), 0.25, 0.02);
  EXPECT_TRUE(at::allclose(y.masked_select(y > 0), at::tensor(4.0F / 3)));
  dropout.eval();
  EXPECT_TRUE(at::equal(dropout.forward(x), x));
}

}  // namespace
}  // namespace photo51::nn

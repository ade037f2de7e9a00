#include "photo51/nn/layers/channel_dropout.hpp"

#include <torch/nn/module.h>

namespace photo51::nn {
namespace {

TEST(ChannelDropout, ZeroesWholeChannelsInTrainingOnly) {
  at::manual_seed(3);
  ChannelDropout dropout(0.25);
  const at::Tensor x = at::ones({100, 100, 2, 3}), y = dropout.forward(x).flatten(2);
  EXPECT_TRUE(at::equal(y.amin(2), y.amax(2)));
  EXPECT_NEAR(y.eq(0).to(at::kDouble).mean().item<double>(), 0.25, 0.02);
  EXPECT_TRUE(at::allclose(y.masked_select(y > 0), at::tensor(4.0F / 3)));
  dropout.eval();
  EXPECT_TRUE(at::equal(dropout.forward(x), x));
}

}  // namespace
}  // namespace photo51::nn

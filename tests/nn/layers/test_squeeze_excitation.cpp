#include "photo51/nn/layers/squeeze_excitation.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {
namespace {

TEST(SqueezeExcitation, IsTheFormulaOfTheMeans) {
  const at::NoGradGuard no_grad;
  for (const int64_t dims : {2, 3}) {
    SqueezeExcitation layer(dims, 6, 2);
    const auto state = state_of(layer);
    state.at("fc1.bias").uniform_(0, 1);
    state.at("fc2.bias").uniform_(-1, 1);
    std::vector<int64_t> sizes{2, 6, 3, 4, 5};
    sizes.resize(static_cast<size_t>(dims + 2));
    const at::Tensor x = at::randn(sizes);
    const at::Tensor hidden =
        at::linear(x.flatten(2).mean(2), state.at("fc1.weight").flatten(1), state.at("fc1.bias"));
    const at::Tensor gate =
        at::linear(hidden.clamp_min(0), state.at("fc2.weight").flatten(1), state.at("fc2.bias")).sigmoid();
    const at::Tensor expected = (x.flatten(2) * gate.unsqueeze(2)).view(x.sizes());
    EXPECT_TRUE(at::allclose(layer.forward(x), expected, 1e-5, 1e-6)) << dims;
  }
}

/// The hidden features of timm's SE-ResNets (rounded to 8) and CBAM-ResNets (to 1).
TEST(SqueezeExcitation, ChannelsAreReducedAndRounded) {
  EXPECT_EQ(reduced_channels(64, 8), 8);
  EXPECT_EQ(reduced_channels(320, 8), 24);
  EXPECT_EQ(reduced_channels(2048, 8), 128);
  EXPECT_EQ(reduced_channels(4, 8), 8);
  EXPECT_EQ(reduced_channels(64, 1), 4);
  EXPECT_EQ(reduced_channels(24, 1), 2);
  EXPECT_EQ(reduced_channels(4, 1), 1);
}

}  // namespace
}  // namespace photo51::nn

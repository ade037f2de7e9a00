#include "photo51/backbones/cnn/conv_net.hpp"

#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::backbones {
namespace {

const InputShape volume{.image = true, .channels = 2, .dims = 3, .size = {1, 8, 8}};

TEST(ConvNet, EveryStageHalvesAndRoundsUp) {
  const at::NoGradGuard no_grad;
  ConvNetOptions options;
  options.widths = {4, 6};
  const auto features = make_conv_net(options, volume)->features(at::randn({1, 2, 1, 8, 6}));
  EXPECT_EQ(features.stages[0].sizes(), (std::vector<int64_t>{1, 4, 1, 4, 3}));
  EXPECT_EQ(features.stages[1].sizes(), (std::vector<int64_t>{1, 6, 1, 2, 2}));
}

/// One stage by hand: the convolution, its norm at prediction, ReLU and the largest of each 2 x 2 x 2.
TEST(ConvNet, IsConvolutionNormReluPool) {
  const at::NoGradGuard no_grad;
  ConvNetOptions options;
  options.widths = {3};
  options.norm = "instance";
  const auto network = make_conv_net(options, volume);
  const at::Tensor x = at::randn({1, 2, 4, 4, 4});
  const at::Tensor map =
      at::conv3d(x, nn::state_of(*network).at("stage1.conv1.weight"), {}, {1, 1, 1}, {1, 1, 1});
  const at::Tensor flat = map.flatten(2);
  const at::Tensor normalised =
      ((flat - flat.mean(2, true)) / (flat.var(2, false, true) + 1e-5).sqrt()).view(map.sizes());
  EXPECT_TRUE(
      at::allclose(network->features(x).stages[0], at::max_pool3d(normalised.clamp_min(0), 2), 1e-4, 1e-5));
}

TEST(ConvNet, HasAsManyConvolutionsAsAsked) {
  ConvNetOptions options;
  options.widths = {4, 6};
  options.convolutions = 2;
  const auto state = nn::state_of(*make_conv_net(options, volume));
  EXPECT_EQ(state.at("stage2.conv2.weight").sizes(), (std::vector<int64_t>{6, 6, 3, 3, 3}));
  EXPECT_FALSE(state.contains("stage2.conv3.weight"));
}

}  // namespace
}  // namespace photo51::backbones

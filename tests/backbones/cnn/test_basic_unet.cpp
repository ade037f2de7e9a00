#include "photo51/backbones/cnn/basic_unet.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using ::testing::HasSubstr;

TEST(BasicUnet, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  int64_t total = 0;
  for (const auto& parameter : make_basic_unet({}, {.channels = 2, .dims = 3, .size = {}})->parameters())
    total += parameter.numel();
  EXPECT_EQ(total, 3571392);  // MONAI's BasicUNet(in_channels=2) without its decoder
}

TEST(BasicUnet, StagesHalveAndRoundDown) {
  const at::NoGradGuard no_grad;
  BasicUnetOptions options;
  options.features = {4, 6};
  const auto network = make_basic_unet(options, {.channels = 2, .dims = 3, .size = {}});
  EXPECT_EQ(network->widths(), (std::vector<int64_t>{4, 6}));
  const auto stages = network->features(at::randn({1, 2, 5, 8, 6})).stages;
  EXPECT_EQ(stages[0].sizes(), (std::vector<int64_t>{1, 4, 5, 8, 6}));
  EXPECT_EQ(stages[1].sizes(), (std::vector<int64_t>{1, 6, 2, 4, 3}));
}

/// A stage by hand: twice a convolution, its norm and a leaky ReLU.
TEST(BasicUnet, StagesArePairsOfConvolutions) {
  const at::NoGradGuard no_grad;
  BasicUnetOptions options;
  options.features = {3};
  const auto network = make_basic_unet(options, {.channels = 1, .dims = 2, .size = {}});
  const auto state = nn::state_of(*network);
  at::Tensor x = at::randn({2, 1, 6, 5});
  const at::Tensor found = network->features(x).stages[0];
  for (const std::string name : {"conv_0.conv_0.conv", "conv_0.conv_1.conv"}) {
    x = at::conv2d(x, state.at(name + ".weight"), state.at(name + ".bias"), {1, 1}, {1, 1});
    x = (x - x.mean({2, 3}, true)) / (x.var({2, 3}, false, true) + 1e-5).sqrt();
    x = at::where(x > 0, x, 0.1 * x);
  }
  EXPECT_TRUE(at::allclose(found, x, 1e-4, 1e-5));
}

TEST(BasicUnet, BiasesMayBeLeftOut) {
  BasicUnetOptions options;
  options.features = {3, 4};
  options.bias = false;
  const auto state = nn::state_of(*make_basic_unet(options, {.channels = 1, .dims = 2, .size = {}}));
  EXPECT_TRUE(state.contains("down_1.convs.conv_1.conv.weight"));
  EXPECT_FALSE(state.contains("down_1.convs.conv_1.conv.bias"));
}

TEST(BasicUnet, TakesWholeNetworks) {
  BasicUnetOptions options;
  options.features = {3, 4};
  const auto network = make_basic_unet(options, {.channels = 1, .dims = 2, .size = {}});
  nn::Tensors file = nn::state_of(*network);
  const size_t own = file.size();
  file["upcat_1.upsample.deconv.weight"] = file["final_conv.bias"] = at::ones({1});
  EXPECT_EQ(nn::translate(file, network->dialects().at(0), "file").size(), own);
}

TEST(BasicUnet, EveryMisuseIsNamed) {
  const auto message = [](const auto& change) {
    BasicUnetOptions options;
    change(options);
    return test::message_of(core::Fault::usage, [&] { config::validate(options, "basic_unet"); });
  };
  EXPECT_THAT(message([](BasicUnetOptions& o) { o.features.clear(); }),
              HasSubstr("features: needs at least one stage"));
  EXPECT_THAT(message([](BasicUnetOptions& o) { o.dropout = 1; }), HasSubstr("dropout: must be below 1"));
}

}  // namespace
}  // namespace photo51::backbones

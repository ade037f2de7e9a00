#include "photo51/backbones/cnn/segresnet.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using ::testing::HasSubstr;

const InputShape two_channels{.channels = 2, .dims = 3, .size = {}};

TEST(SegResNet, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  int64_t total = 0;
  for (const auto& parameter : make_segresnet({}, two_channels)->parameters()) total += parameter.numel();
  EXPECT_EQ(total, 1100880);  // MONAI's SegResNet(in_channels=2) without its decoder
}

TEST(SegResNet, StagesHalveAndRoundUp) {
  const at::NoGradGuard no_grad;
  SegResNetOptions options;
  options.blocks_down = {1, 1, 2};
  const auto network = make_segresnet(options, two_channels);
  EXPECT_EQ(network->widths(), (std::vector<int64_t>{8, 16, 32}));
  const auto stages = network->features(at::randn({1, 2, 5, 8, 6})).stages;
  EXPECT_EQ(stages[0].sizes(), (std::vector<int64_t>{1, 8, 5, 8, 6}));
  EXPECT_EQ(stages[1].sizes(), (std::vector<int64_t>{1, 16, 3, 4, 3}));
  EXPECT_EQ(stages[2].sizes(), (std::vector<int64_t>{1, 32, 2, 2, 2}));
}

/// One block by hand, without a norm that mixes places.
TEST(SegResNet, BlocksAddToTheirInput) {
  const at::NoGradGuard no_grad;
  SegResNetOptions options;
  options.init_filters = 3;
  options.blocks_down = {1};
  options.norm = "layer";
  const auto network = make_segresnet(options, {.channels = 1, .dims = 2, .size = {}});
  const auto state = nn::state_of(*network);
  const auto conv = [&](const at::Tensor& x, const std::string& name) {
    return at::conv2d(x, state.at(name + ".conv.weight"), {}, {1, 1}, {1, 1});
  };
  const auto activated = [](const at::Tensor& x) {
    return ((x - x.mean(1, true)) / (x.var(1, false, true) + 1e-5).sqrt()).clamp_min(0);
  };
  const at::Tensor image = at::randn({2, 1, 4, 5}), stem = conv(image, "convInit");
  const at::Tensor hidden = conv(activated(stem), "down_layers.0.1.conv1");
  EXPECT_TRUE(at::allclose(network->features(image).stages[0],
                           stem + conv(activated(hidden), "down_layers.0.1.conv2"), 1e-4, 1e-5));
}

TEST(SegResNet, DropoutTakesWholeChannelsInTraining) {
  at::manual_seed(4);
  SegResNetOptions options;
  options.blocks_down = {1};
  options.dropout = 0.5;
  const auto network = make_segresnet(options, {.channels = 1, .dims = 2, .size = {}});
  const at::Tensor image = at::randn({4, 1, 4, 4});
  const nn::Capture capture(*network);
  network->features(image);
  network->eval();
  network->features(image);
  const auto dropped = capture.activations("dropout"), before = capture.activations("convInit.conv");
  const at::Tensor lost = dropped.at(0).flatten(2).eq(0).all(2);
  EXPECT_GT(lost.sum().item<int64_t>(), 4);
  EXPECT_LT(lost.sum().item<int64_t>(), 28);
  EXPECT_TRUE(at::allclose(dropped.at(0), 2 * before.at(0) * lost.logical_not().unsqueeze(2).unsqueeze(3)));
  EXPECT_TRUE(at::equal(dropped.at(1), before.at(1)));
}

/// The same weights by the names of each network of MONAI, with a decoder beside them.
TEST(SegResNet, TakesWholeNetworksOfBothKinds) {
  SegResNetOptions options;
  options.blocks_down = {1, 2};
  const auto network = make_segresnet(options, two_channels);
  const nn::Tensors own = nn::state_of(*network);
  const auto dialects = network->dialects();
  nn::Tensors plain = nn::translate_back(own, dialects.at(0)), deep = nn::translate_back(own, dialects.at(1));
  EXPECT_TRUE(plain.contains("down_layers.1.2.conv1.conv.weight"));
  for (const char* name : {"encoder.conv_init.weight", "encoder.layers.0.downsample.weight",
                           "encoder.layers.1.blocks.1.conv1.weight", "encoder.layers.0.blocks.0.norm2.bias"})
    EXPECT_TRUE(deep.contains(name)) << name;
  for (const char* name : {"up_layers.0.0.norm1.weight", "up_samples.0.0.conv.weight",
                           "conv_final.2.conv.bias", "vae_fc1.weight"})
    plain[name] = at::ones({1});
  deep["up_layers.0.head.weight"] = at::ones({1});
  for (const auto& [file, dialect] : {std::pair{plain, dialects[0]}, std::pair{deep, dialects[1]}}) {
    const nn::Tensors translated = nn::translate(file, dialect, "file");
    ASSERT_EQ(translated.size(), own.size()) << dialect.library;
    for (const auto& [name, values] : own)
      EXPECT_TRUE(at::equal(translated.at(name), values)) << dialect.library << " " << name;
  }
}

TEST(SegResNet, EveryMisuseIsNamed) {
  const auto message = [](const auto& change) {
    SegResNetOptions options;
    change(options);
    return test::message_of(core::Fault::usage, [&] { config::validate(options, "segresnet"); });
  };
  EXPECT_THAT(message([](SegResNetOptions& o) { o.blocks_down.clear(); }),
              HasSubstr("blocks_down: needs at least one stage"));
  EXPECT_THAT(message([](SegResNetOptions& o) { o.dropout = 1; }), HasSubstr("dropout: must be below 1"));
}

}  // namespace
}  // namespace photo51::backbones

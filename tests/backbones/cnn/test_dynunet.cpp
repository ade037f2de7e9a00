#include "photo51/backbones/cnn/dynunet.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DynUnetOptions two_stages() {
  DynUnetOptions options;
  options.strides = {"1", "2"};
  options.features = {3, 4};
  return options;
}

const InputShape one_channel{.channels = 1, .dims = 2, .size = {}};

TEST(DynUnet, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  int64_t total = 0;
  for (const auto& parameter : make_dynunet({}, {.channels = 1, .dims = 3, .size = {}})->parameters())
    total += parameter.numel();
  // MONAI's DynUNet(3, 1, 2, [3] * 6, [1, 2, 2, 2, 2, 2], [2] * 5) without its decoder.
  EXPECT_EQ(total, 14022880);
}

TEST(DynUnet, StagesAreDividedByTheirStrides) {
  const at::NoGradGuard no_grad;
  DynUnetOptions options;
  options.strides = {"1", "1x2x2", "2", "3x1x2"};
  options.kernels = {"1x3x3", "3", "3", "3"};
  options.features = {2, 3, 4, 5};
  const auto network = make_dynunet(options, {.channels = 1, .dims = 3, .size = {}});
  EXPECT_EQ(network->widths(), (std::vector<int64_t>{2, 3, 4, 5}));
  const auto stages = network->features(at::randn({1, 1, 6, 9, 12})).stages;
  EXPECT_EQ(stages[0].sizes(), (std::vector<int64_t>{1, 2, 6, 9, 12}));
  EXPECT_EQ(stages[1].sizes(), (std::vector<int64_t>{1, 3, 6, 5, 6}));
  EXPECT_EQ(stages[2].sizes(), (std::vector<int64_t>{1, 4, 3, 3, 3}));
  EXPECT_EQ(stages[3].sizes(), (std::vector<int64_t>{1, 5, 1, 3, 2}));
  const auto state = nn::state_of(*network);
  EXPECT_EQ(state.at("input_block.conv1.conv.weight").sizes(), (std::vector<int64_t>{2, 1, 1, 3, 3}));
  EXPECT_TRUE(state.contains("downsamples.1.norm2.bias"));
  EXPECT_TRUE(state.contains("bottleneck.conv2.conv.weight"));
}

TEST(DynUnet, FeaturesAreNnunetsWhereNoneAreGiven) {
  EXPECT_THAT(dynunet_stages({}, 3).features, ElementsAre(32, 64, 128, 256, 320, 320));
  EXPECT_THAT(dynunet_stages({}, 2).features, ElementsAre(32, 64, 128, 256, 512, 512));
  EXPECT_THAT(dynunet_stages({}, 2).kernels[5], ElementsAre(3, 3));
}

/// A residual stage by hand: two convolutions, and one of 1 with a norm beside them.
TEST(DynUnet, ShortcutsAreAddedBeforeTheLastActivation) {
  const at::NoGradGuard no_grad;
  DynUnetOptions options = two_stages();
  options.res_block = true;
  const auto network = make_dynunet(options, one_channel);
  const auto state = nn::state_of(*network);
  const auto step = [&](const at::Tensor& x, const std::string& name, int64_t padding) {
    const at::Tensor y =
        at::conv2d(x, state.at("input_block." + name + ".conv.weight"), {}, {1, 1}, {padding, padding});
    return (y - y.mean({2, 3}, true)) / (y.var({2, 3}, false, true) + 1e-5).sqrt();
  };
  const auto activated = [](const at::Tensor& x) { return at::where(x > 0, x, 0.01 * x); };
  const at::Tensor x = at::randn({2, 1, 6, 5});
  const at::Tensor expected =
      activated(step(activated(step(x, "conv1", 1)), "conv2", 1) + step(x, "conv3", 0));
  EXPECT_TRUE(at::allclose(network->features(x).stages[0], expected, 1e-4, 1e-5));
}

/// MONAI's: He et al. by inputs, the slope of the activation and no bias.
TEST(DynUnet, ConvolutionsBeginByInputs) {
  at::manual_seed(1);
  DynUnetOptions options = two_stages();
  options.features = {16, 64};
  const auto state = nn::state_of(*make_dynunet(options, one_channel));
  EXPECT_NEAR(state.at("bottleneck.conv2.conv.weight").std().item<double>(),
              std::sqrt(2 / (1 + 1e-4) / (64 * 9)), 1e-3);
  EXPECT_FALSE(state.contains("bottleneck.conv2.conv.bias"));
}

TEST(DynUnet, DropoutStandsBehindEveryConvolution) {
  at::manual_seed(2);
  DynUnetOptions options = two_stages();
  options.dropout = 0.5;
  const auto network = make_dynunet(options, one_channel);
  const at::Tensor x = at::randn({1, 1, 8, 8});
  EXPECT_FALSE(at::equal(network->features(x).stages[0], network->features(x).stages[0]));
  const nn::Capture capture(*network);
  network->features(x);
  EXPECT_EQ(capture.activations("input_block.dropout").size(), 2U);
  network->eval();
  EXPECT_TRUE(at::equal(network->features(x).stages[0], network->features(x).stages[0]));
}

TEST(DynUnet, TakesWholeNetworks) {
  const auto network = make_dynunet(two_stages(), one_channel);
  nn::Tensors file = nn::state_of(*network);
  const size_t own = file.size();
  for (const char* name : {"upsamples.0.transp_conv.conv.weight", "output_block.conv.conv.bias",
                           "deep_supervision_heads.0.conv.conv.weight", "skip_layers.upsample.norm"})
    file[name] = at::ones({1});
  EXPECT_EQ(nn::translate(file, network->dialects().at(0), "file").size(), own);
}

TEST(DynUnet, EveryMisuseIsNamed) {
  const auto message = [](const auto& change) {
    DynUnetOptions options = two_stages();
    change(options);
    return test::message_of(core::Fault::usage, [&] { config::validate(options, "dynunet"); });
  };
  EXPECT_THAT(message([](DynUnetOptions& o) {
                o.strides = {"1", "two"};
              }),
              HasSubstr("strides: each must be a whole number above 0, or one an axis such as 1x3x3"));
  EXPECT_THAT(message([](DynUnetOptions& o) { o.strides = {"1"}; }),
              HasSubstr("strides: needs two stages or more"));
  EXPECT_THAT(message([](DynUnetOptions& o) { o.kernels = {"3", "4"}; }), HasSubstr("kernels: must be odd"));
  EXPECT_THAT(message([](DynUnetOptions& o) { o.kernels = {"3"}; }),
              HasSubstr("kernels: must be as many as `strides`"));
  EXPECT_THAT(message([](DynUnetOptions& o) { o.features = {3}; }),
              HasSubstr("features: must be as many as `strides`"));
  EXPECT_THAT(message([](DynUnetOptions& o) { o.dropout = 1; }), HasSubstr("dropout: must be below 1"));
  DynUnetOptions options = two_stages();
  options.strides[1] = "1x2x2";
  PHOTO51_EXPECT_ERROR(make_dynunet(options, one_channel), usage,
                       HasSubstr("`strides`: `1x2x2` is no size in 2D"));
  options.strides[1] = "5";
  PHOTO51_EXPECT_ERROR(make_dynunet(options, one_channel), usage,
                       HasSubstr("the stride of stage 2, 5, leaves out places between kernels of 3"));
}

}  // namespace
}  // namespace photo51::backbones

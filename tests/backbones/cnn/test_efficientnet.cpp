#include "photo51/backbones/cnn/efficientnet.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <array>
#include <map>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

const InputShape efficientnet_picture{.image = true, .channels = 3, .dims = 2, .size = {64, 64}};

/// An eighth of B0's channels, and a block a stage.
EfficientNetOptions tiny_efficientnet(EfficientNetVariant variant) {
  EfficientNetOptions options;
  options.variant = variant;
  options.channel_multiplier = 0.125;
  options.depth_multiplier = 0.25;
  return options;
}

std::vector<int64_t> efficientnet_edges(Backbone& network, at::IntArrayRef sizes) {
  std::vector<int64_t> found;
  for (const auto& stage : network.features(at::randn(sizes)).stages) found.push_back(stage.size(-1));
  return found;
}

TEST(EfficientNet, VariantsHaveThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const std::array<int64_t, 8> published{5288548,  7794184, 9109994, 12233232,
                                         19341616, 4652008, 5416680, 6092072};
  for (size_t i = 0; i < published.size(); ++i) {
    EfficientNetOptions options;
    options.variant = static_cast<EfficientNetVariant>(i);
    int64_t total = 0;
    for (const auto& parameter : make_efficientnet(options, efficientnet_picture, 1000)->parameters())
      total += parameter.numel();
    EXPECT_EQ(total, published[i]) << config::name_of(options.variant);
  }
}

TEST(EfficientNet, StagesAreThoseBeforeEachStride) {
  const at::NoGradGuard no_grad;
  for (const ConvPadding padding : {ConvPadding::symmetric, ConvPadding::same, ConvPadding::static_same}) {
    EfficientNetLiteOptions options;
    options.padding = padding;
    const auto network = make_efficientnet_lite0(options, efficientnet_picture);
    EXPECT_EQ(network->widths(), (std::vector<int64_t>{16, 24, 40, 112, 1280}));
    EXPECT_EQ(efficientnet_edges(*network, {1, 3, 64, 64}), (std::vector<int64_t>{32, 16, 8, 4, 2}))
        << config::name_of(padding);
  }
}

TEST(EfficientNet, SizesAreFree) {
  const at::NoGradGuard no_grad;
  EfficientNetOptions options = tiny_efficientnet(EfficientNetVariant::b0);
  options.stem_stride = 1;
  const auto network = make_efficientnet(options, {.channels = 2, .dims = 3, .size = {32, 32, 32}});
  EXPECT_EQ(network->widths(), (std::vector<int64_t>{8, 8, 8, 16, 160}));
  EXPECT_EQ(efficientnet_edges(*network, {1, 2, 32, 32, 32}), (std::vector<int64_t>{32, 16, 8, 4, 2}));
  options.channel_multiplier = 0.1;  // 112 become 11.2: 8 would be more than a tenth less
  EXPECT_EQ(make_efficientnet(options, efficientnet_picture)->widths(),
            (std::vector<int64_t>{8, 8, 8, 16, 128}));
}

/// Stem, first stage, last stage and head of the lite ones stay as B0's.
TEST(EfficientNet, LiteKeepsItsEnds) {
  const nn::SkipInit skip;
  EfficientNetOptions options;
  options.variant = EfficientNetVariant::lite0;
  options.channel_multiplier = 2;
  options.depth_multiplier = 2;
  const nn::Tensors state = nn::state_of(*make_efficientnet(options, efficientnet_picture));
  EXPECT_EQ(state.at("conv_stem.weight").size(0), 32);
  EXPECT_EQ(state.at("conv_head.weight").size(0), 1280);
  EXPECT_EQ(state.at("blocks.1.3.bn3.weight").size(0), 48);
  EXPECT_FALSE(state.contains("blocks.0.1.bn1.weight"));
  EXPECT_FALSE(state.contains("blocks.6.1.bn1.weight"));
  EXPECT_FALSE(state.contains("blocks.1.0.se.conv_reduce.weight"));
}

TEST(EfficientNet, TrainingLeavesBlocksOut) {
  at::manual_seed(3);
  EfficientNetOptions options = tiny_efficientnet(EfficientNetVariant::lite0);
  options.depth_multiplier = 1;
  options.norm = "instance";  // the same in training and evaluation
  options.drop_path = 0.9;
  const auto network = make_efficientnet(options, efficientnet_picture);
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, 3, 64, 64});
  const auto last = [&] { return network->features(x).stages[3]; };
  EXPECT_FALSE(at::allclose(last(), last()));
  network->eval();
  EXPECT_TRUE(at::equal(last(), last()));
}

/// The same weights by the names of each library.
TEST(EfficientNet, TakesTheNamesOfOthers) {
  const auto network = make_efficientnet(tiny_efficientnet(EfficientNetVariant::b1), efficientnet_picture, 5);
  const nn::Tensors state = nn::state_of(*network);
  const std::map<std::string, std::vector<std::string>> names{
      {"timm", {"bn1.weight", "blocks.0.0.conv_dw.weight", "blocks.1.0.bn3.weight", "classifier.bias"}},
      {"torchvision",
       {"features.0.1.weight", "features.1.0.block.0.0.weight", "features.2.0.block.3.1.weight",
        "classifier.1.bias"}},
      {"MONAI",
       {"_bn0.weight", "_blocks.0.0._depthwise_conv.weight", "_blocks.1.1._bn2.weight", "_fc.bias"}}};
  ASSERT_EQ(network->dialects().size(), names.size());
  for (const nn::Dialect& dialect : network->dialects()) {
    const nn::Tensors theirs = nn::translate_back(state, dialect);
    for (const std::string& name : names.at(dialect.library))
      EXPECT_TRUE(theirs.contains(name)) << dialect.library << " " << name;
    const nn::Tensors ours = nn::translate(theirs, dialect, "file", nn::Classifier::kept);
    ASSERT_EQ(ours.size(), state.size()) << dialect.library;
    for (const auto& [name, values] : state)
      EXPECT_TRUE(at::equal(values, ours.at(name))) << dialect.library << " " << name;
  }
  EXPECT_EQ(make_efficientnet_lite0({}, efficientnet_picture)->dialects().size(), 1U);  // timm's alone
}

TEST(EfficientNet, StaticPaddingNeedsLargeImages) {
  EfficientNetOptions options = tiny_efficientnet(EfficientNetVariant::b0);
  options.padding = ConvPadding::static_same;
  EXPECT_THAT(message_of(core::Fault::usage,
                         [&] {
                           make_efficientnet(options, {.channels = 1, .dims = 3, .size = {16, 32, 32}});
                         }),
              HasSubstr("too small for the efficientnet's `padding: static`; set `padding: same`"));
}

TEST(EfficientNet, DropPathIsBelowOne) {
  EfficientNetOptions options;
  options.drop_path = 1;
  EXPECT_THAT(message_of(core::Fault::usage, [&] { config::validate(options, "encoder"); }),
              HasSubstr("drop_path: must be below 1"));
}

}  // namespace
}  // namespace photo51::backbones

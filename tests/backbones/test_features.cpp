#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/cnn/basic_unet.hpp"
#include "photo51/backbones/cnn/conv_net.hpp"
#include "photo51/backbones/cnn/convnext.hpp"
#include "photo51/backbones/cnn/densenet.hpp"
#include "photo51/backbones/cnn/efficientnet.hpp"
#include "photo51/backbones/cnn/mednext.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/cnn/segresnet.hpp"
#include "photo51/backbones/hybrid/coatnet.hpp"
#include "photo51/backbones/hybrid/maxvit.hpp"
#include "photo51/backbones/hybrid/unetr.hpp"
#include "photo51/backbones/transformer/swin.hpp"
#include "photo51/backbones/transformer/swin_unetr.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

const InputShape picture{.image = true, .channels = 3, .dims = 2, .size = {32, 64}};

std::vector<std::pair<std::string, std::shared_ptr<Backbone>>> networks(int64_t classes = 0) {
  ResNetOptions resnet;
  resnet.width = 4;
  ConvNetOptions conv_net;
  conv_net.widths = {4, 6};
  const VitOptions vit{.patch_size = 8, .embed_dim = 12, .depth = 2, .num_heads = 3, .mlp_dim = 16};
  EfficientNetOptions efficientnet;
  efficientnet.channel_multiplier = 0.125;
  ConvNextOptions convnext;
  convnext.depths = {1, 1};
  convnext.embed_dims = {4, 6};
  VitOptions experts = vit;
  experts.experts = 2;
  experts.layer_scale = 0.1;
  experts.register_tokens = 2;
  experts.position = VitPosition::learned_rope;
  experts.qkv_bias = nn::QkvBias::query_value;
  experts.distilled = true;
  const HybridSizes hybrid{
      .embed_dim = {8, 16, 16, 24}, .depths = {1, 1, 2, 1}, .stem_width = {4, 8}, .dim_head = 8};
  CoAtNetOptions coatnet;
  coatnet.sizes = hybrid;
  MaxVitOptions maxvit;
  maxvit.sizes = hybrid;
  SwinOptions swin;
  swin.embed_dim = 12;
  swin.depths = swin.num_heads = {1, 2};
  SwinUnetrOptions swin_unetr;
  swin_unetr.feature_size = 12;
  swin_unetr.depths = swin_unetr.num_heads = {2, 1};
  swin_unetr.normalize = false;
  SegResNetOptions segresnet;
  segresnet.init_filters = 4;
  MedNextOptions mednext;
  mednext.init_filters = 4;
  UnetrOptions unetr;
  unetr.embed_dim = 12;
  unetr.depth = 2;
  unetr.num_heads = 3;
  unetr.mlp_dim = 16;
  unetr.skip_layers = {1};
  BasicUnetOptions basic_unet;
  basic_unet.features = {4, 6};
  return {{"resnet", make_resnet(resnet, picture, classes)},
          {"densenet", make_densenet({.block_config = {1, 2}, .growth_rate = 4}, picture, classes)},
          {"efficientnet", make_efficientnet(efficientnet, picture, classes)},
          {"efficientnet_lite0", make_efficientnet_lite0({}, picture, classes)},
          {"convnext", make_convnext(convnext, picture, classes)},
          {"segresnet", make_segresnet(segresnet, picture, classes)},
          {"mednext", make_mednext(mednext, picture, classes)},
          {"basic_unet", make_basic_unet(basic_unet, picture, classes)},
          {"conv_net", make_conv_net(conv_net, picture, classes)},
          {"vit", make_vit(vit, picture, classes)},
          {"vit of experts", make_vit(experts, picture, classes)},
          {"swin", make_swin(swin, picture, classes)},
          {"swin_unetr", make_swin_unetr(swin_unetr, picture, classes)},
          {"unetr", make_unetr(unetr, picture, classes)},
          {"coatnet", make_coatnet(coatnet, picture, classes)},
          {"maxvit", make_maxvit(maxvit, picture, classes)}};
}

at::Tensor batch() {
  return at::randn({2, 3, 32, 64});
}

TEST(Features, StagesAreFinestFirstAndOfTheirWidths) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, network] : networks()) {
    const Features features = network->features(batch());
    const auto widths = network->widths();
    ASSERT_EQ(features.stages.size(), widths.size()) << name;
    for (size_t i = 0; i < widths.size(); ++i) {
      ASSERT_EQ(features.stages[i].dim(), 4) << name;
      EXPECT_EQ(features.stages[i].size(0), 2) << name;
      EXPECT_EQ(features.stages[i].size(1), widths[i]) << name;
      EXPECT_EQ(features.stages[i].size(3), 2 * features.stages[i].size(2)) << name;
      if (i > 0 && name != "unetr") {  // whose stages are all of the patches
        EXPECT_EQ(2 * features.stages[i].size(2), features.stages[i - 1].size(2)) << name;
      }
    }
    EXPECT_EQ(network->width(), widths.back()) << name;
    EXPECT_EQ(features.prefix.defined(), network->prefix_tokens() > 0) << name;
    if (features.prefix.defined()) {
      EXPECT_EQ(features.prefix.sizes(),
                (std::vector<int64_t>{2, network->prefix_tokens(), network->width()}))
          << name;
    }
  }
}

TEST(Features, PlacesBecomeTokensXFastest) {
  const at::Tensor stage = at::arange(12, at::kFloat).view({1, 2, 2, 3});
  const at::Tensor tokens = place_tokens(stage);
  ASSERT_EQ(tokens.sizes(), (std::vector<int64_t>{1, 6, 2}));
  EXPECT_TRUE(at::equal(tokens[0][1], at::tensor({1.F, 7.F})));
  EXPECT_TRUE(at::equal(tokens[0][3], at::tensor({3.F, 9.F})));
}

/// The middles of patches, in the image's voxels and in the order of the tokens.
TEST(Features, PlacesKnowWhereTheyAre) {
  const at::Tensor flat = place_positions(at::zeros({1, 5, 2, 3}), at::zeros({1, 1, 8, 12}));
  EXPECT_TRUE(at::equal(flat, at::tensor({1.5F, 1.5F, 1.5F, 5.5F, 1.5F, 9.5F,  //
                                          5.5F, 1.5F, 5.5F, 5.5F, 5.5F, 9.5F})
                                  .view({6, 2})));
  const at::Tensor deep = place_positions(at::zeros({1, 5, 2, 1, 2}), at::zeros({1, 1, 4, 1, 3}));
  EXPECT_TRUE(at::equal(deep, at::tensor({0.5F, 0.F, 0.25F, 0.5F, 0.F, 1.75F,  //
                                          2.5F, 0.F, 0.25F, 2.5F, 0.F, 1.75F})
                                  .view({4, 3})));
}

TEST(Backbone, LogitsNeedAClassifier) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, network] : networks(5))
    EXPECT_EQ(network->logits(batch()).sizes(), (std::vector<int64_t>{2, 5})) << name;
  for (const auto& [name, network] : networks())
    EXPECT_THAT(test::message_of(core::Fault::usage, [&, &net = *network] { net.logits(batch()); }),
                ::testing::HasSubstr("built without a classifier"))
        << name;
}

TEST(Backbone, EveryNetworkNamesWhoseWeightsItTakes) {
  for (const auto& [name, network] : networks()) {
    ASSERT_FALSE(network->dialects().empty()) << name;
    // Its own names are kept: nothing of the network is taken for a classifier.
    for (const auto& dialect : network->dialects())
      EXPECT_EQ(nn::translate(nn::state_of(*network), dialect, name).size(), nn::state_of(*network).size())
          << name << " " << dialect.library;
  }
}

/// Explanations and gradients a case need to see what each parameter does.
TEST(Backbone, EveryParameterBelongsToALayer) {
  for (const auto& [name, network] : networks(5))
    EXPECT_THAT(nn::unseen_parameters(*network), ::testing::IsEmpty()) << name;
}

/// What a saliency map of convolutional networks is made of.
TEST(Backbone, StagesAreCapturedWithTheirGradients) {
  const std::map<std::string, std::string> last{
      {"resnet", "layer4"},          {"densenet", "features.norm5"},   {"efficientnet", "bn2"},
      {"efficientnet_lite0", "bn2"}, {"convnext", "stages.1"},         {"segresnet", "down_layers.3"},
      {"mednext", "bottleneck"},     {"basic_unet", "down_1"},         {"conv_net", "stage2"},
      {"vit", "encoder.ln"},         {"vit of experts", "encoder.ln"}, {"swin", "norm"},
      {"swin_unetr", "layers2.0"},   {"unetr", "encoder.ln"},          {"coatnet", "norm"},
      {"maxvit", "stages.3"}};
  for (const auto& [name, network] : networks()) {
    const nn::Capture capture(*network);
    Features features = network->features(batch());
    const at::Tensor map = features.stages.back();
    (features.prefix.defined() ? features.prefix : map).square().sum().backward();
    const auto& path = last.at(name);
    const at::Tensor value = capture.activations(path).at(0), gradient = capture.gradients(path).at(0);
    ASSERT_TRUE(gradient.defined()) << name;
    if (name == "resnet" || name == "conv_net") {
      EXPECT_TRUE(at::equal(value, map)) << name;
      EXPECT_TRUE(at::equal(gradient, 2 * map)) << name;
    } else {
      EXPECT_GT(gradient.abs().sum().item<float>(), 0) << name;
    }
  }
}

}  // namespace
}  // namespace photo51::backbones

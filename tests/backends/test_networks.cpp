/// Every architecture, in 2D and 3D: its features and its classifier.

#include <gmock/gmock.h>

#include <utility>

#include "backends/agree.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "support/small_networks.hpp"

namespace photo51::test {
namespace {

using backbones::InputShape;

const InputShape picture{.channels = 3, .dims = 2, .size = {32, 64}};
const InputShape volume{.channels = 2, .dims = 3, .size = {32, 32, 32}};

BackendCase network_case(const std::string& variant, const config::Choice& choice, const InputShape& shape) {
  std::vector<int64_t> sizes{3, shape.channels};
  sizes.insert(sizes.end(), shape.size.begin(), shape.size.end());
  auto of = case_of(
      choice.name, variant, {sizes},
      [choice, shape] { return backbones::image_encoders().find(choice.name)->network(choice, shape, 3); },
      [](backbones::Backbone& network, const Tensors& images) {
        backbones::Features found = network.features(images[0]);
        Tensors outputs = std::move(found.stages);
        if (found.prefix.defined()) outputs.push_back(found.prefix);
        for (const auto& [name, loss] : found.losses) outputs.push_back(loss.value);
        outputs.push_back(network.logits(images[0]));
        return outputs;
      });
  of.inputs_of = InputsOf::data;
  of.is_network = true;
  return of;
}

std::vector<BackendCase> of_pictures() {
  std::vector<BackendCase> cases;
  for (const auto& small : small_networks()) cases.push_back(network_case(small.name, small.choice, picture));
  return cases;
}

/// In 3D windows of an edge of 7 are large, and heads of 4 features have no pair to turn for each axis.
config::Choice for_volumes(const config::Choice& choice) {
  if (choice.name == "swin_unetr") {
    auto options = choice.as<backbones::SwinUnetrOptions>();
    options.window_size = {3};
    return config::choose(choice.name, options);
  }
  if (choice.name == "swin") {
    auto options = choice.as<backbones::SwinOptions>();
    options.window_size = {3};
    return config::choose(choice.name, options);
  }
  if (choice.name == "vit") {
    auto options = choice.as<backbones::VitOptions>();
    options.num_heads = 1;
    return config::choose(choice.name, options);
  }
  return choice;
}

std::vector<BackendCase> of_volumes() {
  std::vector<BackendCase> cases;
  for (const auto& small : small_networks())
    if (small.name != "efficientnet_lite0")  // whose width is not to be chosen
      cases.push_back(network_case(small.name + " 3D", for_volumes(small.choice), volume));
  return cases;
}

/// What options add to an architecture that its small network has not.
std::vector<BackendCase> of_options() {
  using namespace backbones;
  std::vector<BackendCase> cases;
  const auto add = [&](const std::string& name, const std::string& variant, const auto& options,
                       bool random_in_training = false) {
    cases.push_back(network_case(variant, config::choose(name, options), picture));
    cases.back().random_in_training = random_in_training;
  };

  ResNetOptions resnet;
  resnet.width = 4;
  resnet.depth = 26;
  resnet.stem = ResNetStem::deep;
  resnet.shortcut = ResNetShortcut::average;
  resnet.attention = ResNetAttention::se;
  add("resnet", "bottlenecks, se", resnet);
  resnet = {};
  resnet.width = 4;
  resnet.norm = "group";
  resnet.style = ResNetStyle::caffe;
  resnet.shortcut = ResNetShortcut::padding;
  resnet.attention = ResNetAttention::cbam;
  resnet.non_local = true;
  add("resnet", "cbam, non-local", resnet);

  EfficientNetOptions efficientnet;
  efficientnet.channel_multiplier = 0.125;
  efficientnet.padding = ConvPadding::same;
  efficientnet.norm = "group";
  add("efficientnet", "padding same", efficientnet);

  ConvNextOptions convnext;
  convnext.version = 2;
  convnext.depths = {1, 1};
  convnext.embed_dims = {4, 6};
  add("convnext", "version 2", convnext);

  MedNextOptions mednext;
  mednext.init_filters = 4;
  mednext.norm = MedNextNorm::layer;
  mednext.global_response_norm = true;
  add("mednext", "response norm", mednext);

  VitOptions vit = small_vit();
  vit.position = VitPosition::rope;
  vit.rope.kind = nn::RotaryKind::dinov3;
  vit.mlp = nn::PerceptronKind::swiglu;
  vit.qkv_bias = nn::QkvBias::none;
  vit.qk_norm = true;
  vit.layer_scale = 0.1;
  vit.register_tokens = 2;
  add("vit", "rope, swiglu", vit);
  vit = small_vit();
  vit.position = VitPosition::sincos;
  vit.prefix_position = PrefixPosition::none;
  vit.encoder.pool = TokenPool::mean;
  vit.fc_norm = true;
  add("vit", "sincos, mean", vit);

  SwinOptions swin;
  swin.version = 2;
  swin.source = SwinSource::timm;
  swin.embed_dim = 12;
  swin.depths = swin.num_heads = {2, 1};
  swin.window_size = {4};
  add("swin", "version 2 of timm", swin);

  SwinUnetrOptions swin_unetr;
  swin_unetr.feature_size = 12;
  swin_unetr.depths = swin_unetr.num_heads = {2, 1};
  swin_unetr.window_size = {4};
  swin_unetr.patch_norm = true;
  swin_unetr.use_v2 = true;
  swin_unetr.downsample = SwinMerging::mergingv2;
  add("swin_unetr", "version 2", swin_unetr);

  UnetrOptions unetr;
  unetr.embed_dim = 12;
  unetr.depth = 2;
  unetr.num_heads = 3;
  unetr.mlp_dim = 16;
  unetr.skip_layers = {1};
  unetr.projection = VitProjection::perceptron;
  unetr.position = VitPosition::sincos;
  unetr.class_token = unetr.qkv_bias = true;
  add("unetr", "perceptron, class token", unetr);

  CoAtNetOptions coatnet;
  coatnet.sizes = small_hybrid();
  coatnet.variant = "0";
  add("coatnet", "0", coatnet);
  coatnet.variant = "rmlp_1_rw";
  add("coatnet", "rmlp", coatnet, true);  // whose perceptron of positions has a dropout
  MaxVitOptions maxvit;
  maxvit.sizes = small_hybrid();
  maxvit.variant = "tiny_tf";
  add("maxvit", "tf", maxvit);
  maxvit.variant = "rmlp_small_rw";
  add("maxvit", "rmlp", maxvit, true);
  return cases;
}

class Pictures : public testing::TestWithParam<BackendCase> {};
TEST_P(Pictures, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, Pictures, testing::ValuesIn(of_pictures()));

class Volumes : public testing::TestWithParam<BackendCase> {};
TEST_P(Volumes, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, Volumes, testing::ValuesIn(of_volumes()));

class NetworkOptions : public testing::TestWithParam<BackendCase> {};
TEST_P(NetworkOptions, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, NetworkOptions, testing::ValuesIn(of_options()));

TEST(NetworkTable, EachRowHasItsCases) {
  std::vector<std::string> rows = config::names_of(backbones::image_encoders().components());
  std::erase_if(rows, [](const std::string& row) { return row == "torchscript" || row == "exported"; });
  EXPECT_THAT(without_case(rows, of_pictures()), testing::IsEmpty())
      << "add small networks of these rows of `image_encoders` to tests/support/small_networks.hpp";
}

}  // namespace
}  // namespace photo51::test

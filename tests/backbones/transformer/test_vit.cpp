#include "photo51/backbones/transformer/vit.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

int64_t vit_parameters(const VitOptions& options, int64_t edge = 224, int64_t classes = 1000) {
  int64_t total = 0;
  for (const auto& parameter :
       make_vit(options, {.channels = 3, .dims = 2, .size = {edge, edge}}, classes)->parameters())
    total += parameter.numel();
  return total;
}

TEST(Vit, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  using enum VitVariant;
  const VitOptions base{.patch_size = 16, .embed_dim = 768, .depth = 12, .num_heads = 12, .mlp_dim = 3072};
  EXPECT_EQ(vit_parameters(base), 86567656);
  EXPECT_EQ(vit_parameters({}), 5717416);
  EXPECT_EQ(vit_parameters({.distilled = true}), 5910800);
  EXPECT_EQ(vit_parameters({.variant = s16}), 22050664);
  EXPECT_EQ(vit_parameters({.variant = b16}), 86567656);
  EXPECT_EQ(vit_parameters({.variant = b32}), 88224232);
  EXPECT_EQ(vit_parameters({.variant = l16}), 304326632);
  EXPECT_EQ(vit_parameters({.variant = l32}), 306535400);
  EXPECT_EQ(vit_parameters({.variant = h14}), 632045800);
  EXPECT_EQ(vit_parameters({.variant = s16, .embed_dim = 192, .num_heads = 3, .mlp_dim = 768}), 5717416);
}

/// One layer and 39 more of them, since the whole is 4 GB; theirs has a token of masked patches more.
TEST(Vit, TheGiantHasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  VitOptions giant{
      .variant = VitVariant::g14, .depth = 1, .mlp = nn::PerceptronKind::swiglu, .layer_scale = 1};
  const int64_t one = vit_parameters(giant, 518, 0);
  giant.depth = 2;
  const int64_t layer = vit_parameters(giant, 518, 0) - one;
  EXPECT_EQ(one + 39 * layer + 1536, 1136480768);
}

const VitOptions kSmallVit{.patch_size = 8, .embed_dim = 12, .depth = 2, .num_heads = 3, .mlp_dim = 16};
const InputShape kSmallPicture{.channels = 3, .dims = 2, .size = {16, 24}};

/// Prefix tokens come in the order class, distillation, registers, and positions are of whom the options say.
TEST(Vit, PositionsAreOfThePrefixTokensThatTheOptionsName) {
  const std::map<PrefixPosition, int64_t> placed{
      {PrefixPosition::all, 5}, {PrefixPosition::class_token, 2}, {PrefixPosition::none, 0}};
  for (const auto& [which, count] : placed) {
    VitOptions options = kSmallVit;
    options.depth = 1;
    options.distilled = true;
    options.register_tokens = 3;
    options.prefix_position = which;
    const auto network = make_vit(options, kSmallPicture);
    const nn::Tensors state = nn::state_of(*network);
    const at::Tensor position = state.at("encoder.pos_embedding");
    ASSERT_EQ(position.size(1), 6 + count);
    EXPECT_EQ(network->prefix_tokens(), 5);
    const nn::Capture capture(*network, {.filter = {}, .inputs = true});
    const at::NoGradGuard no_grad;
    const Features features = network->features(at::randn({2, 3, 16, 24}));
    EXPECT_EQ(features.prefix.sizes(), (std::vector<int64_t>{2, 5, 12}));
    const at::Tensor entered = capture.inputs("encoder.layers.encoder_layer_0").at(0)[1];
    const at::Tensor prefix =
        at::cat({state.at("class_token"), state.at("dist_token"), state.at("register_tokens")}, 1)[0];
    EXPECT_TRUE(at::allclose(entered.slice(0, count, 5), prefix.slice(0, count)));
    EXPECT_TRUE(
        at::allclose(entered.slice(0, 0, count), prefix.slice(0, 0, count) + position[0].slice(0, 0, count)));
    const at::Tensor places = place_tokens(capture.activations("conv_proj").at(0))[1];
    EXPECT_TRUE(at::allclose(entered.slice(0, 5), places + position[0].slice(0, count)));
  }
}

/// With registers, without a class token, in 3D, with rotary and with fixed positions.
TEST(Vit, WorksWithoutAClassToken) {
  const at::NoGradGuard no_grad;
  for (const VitPosition position : {VitPosition::learned, VitPosition::sincos, VitPosition::rope,
                                     VitPosition::learned_rope, VitPosition::none}) {
    for (const PrefixPosition prefix :
         {PrefixPosition::all, PrefixPosition::class_token, PrefixPosition::none}) {
      VitOptions options = kSmallVit;
      options.class_token = false;
      options.register_tokens = 2;
      options.position = position;
      options.prefix_position = prefix;
      const auto network = make_vit(options, {.channels = 1, .dims = 3, .size = {8, 16, 16}}, 5);
      const at::Tensor image = at::randn({2, 1, 8, 16, 16});
      const Features features = network->features(image);
      EXPECT_EQ(features.prefix.size(1), 2);
      EXPECT_EQ(features.stages[0].sizes(), (std::vector<int64_t>{2, 12, 1, 2, 2}));
      const nn::Tensors state = nn::state_of(*network);
      EXPECT_TRUE(at::allclose(network->logits(image),
                               at::linear(features.stages[0].flatten(2).mean(2),
                                          state.at("heads.head.weight"), state.at("heads.head.bias")),
                               1e-4, 1e-5));
    }
  }
}

/// A token sees where it is: the same patch everywhere gives other features at other places.
TEST(Vit, OnlyPositionsTellPlacesApart) {
  const at::NoGradGuard no_grad;
  const at::Tensor even = at::ones({1, 3, 16, 24});
  for (const VitPosition position : {VitPosition::learned, VitPosition::sincos, VitPosition::none}) {
    VitOptions options = kSmallVit;
    options.position = position;
    const at::Tensor places = place_tokens(make_vit(options, kSmallPicture)->features(even).stages[0])[0];
    EXPECT_EQ((places - places[0]).abs().max().item<double>() < 1e-5, position == VitPosition::none);
  }
  // Turned queries and keys show no place where all values are the same, so the image differs.
  VitOptions options = kSmallVit;
  options.position = VitPosition::rope;
  const auto network = make_vit(options, kSmallPicture);
  at::Tensor image = at::zeros({1, 3, 16, 24});
  image.slice(2, 0, 8).slice(3, 0, 8).normal_();
  const at::Tensor places = place_tokens(network->features(image).stages[0])[0];
  EXPECT_GT((places[4] - places[5]).abs().max().item<double>(), 1e-6);
}

TEST(Vit, FcNormIsOfThePooledToken) {
  const at::NoGradGuard no_grad;
  VitOptions options = kSmallVit;
  options.encoder.pool = TokenPool::mean;
  options.fc_norm = true;
  const auto network = make_vit(options, kSmallPicture);
  const Features features = network->features(at::randn({2, 3, 16, 24}));
  const at::Tensor mean = place_tokens(features.stages[0]).mean(1);
  EXPECT_TRUE(at::allclose(network->mean_of_places(features), at::layer_norm(mean, {12}, {}, {}, 1e-6)));
}

/// Stages before the last are what came out of their layers; a class token is none of their places.
TEST(Vit, HiddenStatesMayBeStages) {
  const at::NoGradGuard no_grad;
  VitOptions options = kSmallVit;
  options.depth = 4;
  options.out_layers = {1, 3};
  const auto network = make_vit(options, kSmallPicture);
  EXPECT_EQ(network->widths(), (std::vector<int64_t>{12, 12, 12}));
  const nn::Capture capture(*network);
  const Features features = network->features(at::randn({2, 3, 16, 24}));
  const std::vector<std::string> paths{"encoder.layers.encoder_layer_0", "encoder.layers.encoder_layer_2",
                                       "encoder.ln"};
  ASSERT_EQ(features.stages.size(), paths.size());
  for (size_t i = 0; i < paths.size(); ++i) {
    EXPECT_EQ(features.stages[i].sizes(), (std::vector<int64_t>{2, 12, 2, 3}));
    EXPECT_TRUE(at::equal(place_tokens(features.stages[i]), capture.activations(paths[i]).at(0).slice(1, 1)))
        << paths[i];
  }
}

/// MONAI's classifier is a Sequential then.
TEST(Vit, LogitsMayEndInTanh) {
  const at::NoGradGuard no_grad;
  VitOptions options = kSmallVit;
  const auto plain = make_vit(options, kSmallPicture, 5);
  options.post_activation = PostActivation::tanh;
  const auto activated = make_vit(options, kSmallPicture, 5);
  nn::load_state(*activated, nn::state_of(*plain), "plain");
  const at::Tensor image = at::randn({2, 3, 16, 24});
  EXPECT_TRUE(at::equal(activated->logits(image), plain->logits(image).tanh()));
  EXPECT_TRUE(nn::translate_back(nn::state_of(*activated), activated->dialects().back())
                  .contains("classification_head.0.weight"));
}

TEST(Vit, DropPathAndLayerScaleActOnTheBranches) {
  VitOptions options = kSmallVit;
  options.layer_scale = 0.1;
  options.drop_path = 0.5;
  const auto network = make_vit(options, kSmallPicture);
  EXPECT_TRUE(
      at::equal(nn::state_of(*network).at("encoder.layers.encoder_layer_1.gamma_2"), at::full({12}, 0.1)));
  const at::NoGradGuard no_grad;
  const at::Tensor image = at::randn({1, 3, 16, 24}).expand({64, -1, -1, -1});
  at::manual_seed(4);
  const auto rows = [&] { return network->features(image).prefix.select(1, 0); };
  const at::Tensor trained = rows();
  network->eval();
  const at::Tensor steady = rows();
  EXPECT_LE((steady - steady[0]).abs().max().item<double>(), 1e-5);
  // Each of the last layer's two branches is there or not.
  EXPECT_GT((trained - trained[0]).abs().amax(1).gt(1e-4).sum().item<int64_t>(), 16);
  EXPECT_LT((trained - trained[0]).abs().amax(1).gt(1e-4).sum().item<int64_t>(), 64);
}

/// The mean over the layers, which asks for an even load of their experts.
TEST(Vit, ExpertsAskForAnEvenLoad) {
  VitOptions options = kSmallVit;
  options.experts = 4;
  options.balance_weight = 0.3;
  const auto network = make_vit(options, kSmallPicture);
  const at::Tensor image = at::randn({2, 3, 16, 24});
  const Features features = network->features(image);
  ASSERT_EQ(features.losses.size(), 1U);
  EXPECT_EQ(features.losses.at("balance").weight, 0.3);
  EXPECT_GE(features.losses.at("balance").value.item<double>(), 0.9);
  features.losses.at("balance").value.backward();
  const nn::Tensors state = nn::state_of(*network);
  EXPECT_GT(state.at("encoder.layers.encoder_layer_0.mlp.router.weight").grad().abs().sum().item<double>(),
            0);
  {
    const at::NoGradGuard no_grad;
    for (const std::string layer : {"0", "1"})
      state.at("encoder.layers.encoder_layer_" + layer + ".mlp.router.weight").zero_();
    EXPECT_FLOAT_EQ(network->features(image).losses.at("balance").value.item<float>(), 1);
  }
  EXPECT_TRUE(make_vit(kSmallVit, kSmallPicture)->features(image).losses.empty());
  EXPECT_THAT(nn::unseen_parameters(*network), ::testing::IsEmpty());
}

/// The stage is the tokens behind the class token on the grid of patches, and a view of them.
TEST(Vit, StageIsTheGridOfPatches) {
  const at::NoGradGuard no_grad;
  const VitOptions options{.patch_size = 4, .embed_dim = 12, .depth = 1, .num_heads = 3, .mlp_dim = 16};
  const auto network = make_vit(options, {.channels = 2, .dims = 3, .size = {4, 8, 12}});
  const Features features = network->features(at::randn({2, 2, 4, 8, 12}));
  ASSERT_EQ(features.stages.size(), 1U);
  EXPECT_EQ(features.stages[0].sizes(), (std::vector<int64_t>{2, 12, 1, 2, 3}));
  EXPECT_EQ(features.prefix.sizes(), (std::vector<int64_t>{2, 1, 12}));
  const at::Tensor places = place_tokens(features.stages[0]);
  EXPECT_EQ(places.data_ptr(), features.stages[0].data_ptr());
  EXPECT_EQ(places.storage().data(), features.prefix.storage().data());
}

/// The same weights by the names of each library.
TEST(Vit, TakesTheNamesOfOthers) {
  const test::TemporaryFolder folder;
  const VitOptions& options = kSmallVit;
  const InputShape& shape = kSmallPicture;
  const auto network = make_vit(options, shape, 5);
  const nn::Tensors state = nn::state_of(*network);
  const std::map<std::string, std::string> names{
      {"torchvision", "encoder.layers.encoder_layer_1.mlp.0.weight"},
      {"torchvision 0.12", "encoder.layers.encoder_layer_1.mlp.linear_1.weight"},
      {"timm", "blocks.1.mlp.fc1.weight"},
      {"DINOv2", "mask_token"},
      {"MONAI", "blocks.1.norm_cross_attn.weight"}};
  ASSERT_EQ(network->dialects().size(), names.size());
  for (const nn::Dialect& dialect : network->dialects()) {
    const nn::Tensors theirs = nn::translate_back(state, dialect);
    const size_t unused = dialect.library == "MONAI" ? 4 : dialect.library == "DINOv2" ? 1 : 0;
    EXPECT_EQ(theirs.size(), state.size() + unused) << dialect.library;
    EXPECT_TRUE(theirs.contains(names.at(dialect.library))) << dialect.library;
    const auto whole = make_vit(options, shape, 5);
    nn::load_state(*whole, nn::translate(theirs, dialect, "file", nn::Classifier::kept), "file");
    for (const auto& [name, values] : nn::state_of(*whole))
      EXPECT_TRUE(at::equal(values, state.at(name))) << dialect.library << " " << name;
    nn::write_safetensors(folder / "w.safetensors", theirs);
    const auto encoder = make_vit(options, shape);
    nn::load_pretrained(*encoder, folder / "w.safetensors", encoder->dialects());
    for (const auto& [name, values] : nn::state_of(*encoder))
      EXPECT_TRUE(at::equal(values, state.at(name))) << dialect.library << " " << name;
  }
}

/// What attention rollout is made of, under the names of the state dict.
TEST(Vit, LayersReportTheirAttentionWithItsGradient) {
  const VitOptions options{.patch_size = 4, .embed_dim = 12, .depth = 2, .num_heads = 3, .mlp_dim = 16};
  const auto network = make_vit(options, {.channels = 1, .dims = 2, .size = {8, 12}});
  network->eval();
  const at::Tensor image = at::randn({2, 1, 8, 12});
  const at::Tensor plain = network->features(image).prefix;
  const nn::Capture capture(*network);
  const Features features = network->features(image);
  EXPECT_LE((features.prefix - plain).abs().max().item<double>(), 1e-5);
  features.prefix.square().sum().backward();
  for (const std::string layer : {"0", "1"}) {
    const std::string path = "encoder.layers.encoder_layer_" + layer + ".self_attention.attention";
    const at::Tensor attention = capture.activations(path).at(0), gradient = capture.gradients(path).at(0);
    ASSERT_EQ(attention.sizes(), (std::vector<int64_t>{2, 3, 7, 7}));
    EXPECT_LE((attention.sum(-1) - 1).abs().max().item<double>(), 1e-5);
    ASSERT_TRUE(gradient.defined()) << path;
    EXPECT_GT(gradient.abs().sum().item<double>(), 0) << path;
  }
  EXPECT_EQ(capture.activations("class_token").at(0).sizes(), (std::vector<int64_t>{2, 7, 12}));
  EXPECT_EQ(capture.activations("encoder.pos_embedding").at(0).sizes(), (std::vector<int64_t>{2, 7, 12}));
}

TEST(Vit, EveryMisuseIsNamed) {
  EXPECT_THAT(message_of(core::Fault::usage, [] { make_vit({}, {}); }),
              HasSubstr("needs images of one size"));
  EXPECT_THAT(message_of(core::Fault::usage,
                         [] {
                           make_vit({}, {.size = {32, 30}});
                         }),
              HasSubstr("patch (16) must divide the image's size (30)"));
  EXPECT_THAT(message_of(core::Fault::usage,
                         [] {
                           VitOptions options;
                           options.embed_dim = 9;
                           options.position = VitPosition::sincos;
                           make_vit(options, {.size = {32, 32}});
                         }),
              HasSubstr("change `embed_dim`, or set `position: learned`"));
  VitOptions options = kSmallVit;  // of two layers
  const std::vector<std::vector<int64_t>> refused{{1, 1}, {0}, {2}};
  for (const auto& layers : refused) {
    options.out_layers = layers;
    EXPECT_THAT(message_of(core::Fault::usage, [&] { make_vit(options, kSmallPicture); }),
                HasSubstr("must be ascending, at least 1 and below its `depth` (2)"));
  }
  EXPECT_THAT(message_of(core::Fault::usage, [&] { config::validate(options, "vit"); }),
              HasSubstr("out_layers: must be ascending and below `depth`"));
}

}  // namespace
}  // namespace photo51::backbones

#include "photo51/backbones/transformer/vit.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>

#include "photo51/backbones/backbone.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

TEST(Vit, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const VitOptions base{.patch_size = 16, .embed_dim = 768, .depth = 12, .num_heads = 12, .mlp_dim = 3072};
  int64_t total = 0;
  for (const auto& parameter :
       make_vit(base, {.channels = 3, .dims = 2, .size = {224, 224}}, 1000)->parameters())
    total += parameter.numel();
  EXPECT_EQ(total, 86567656);
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
  const VitOptions options{.patch_size = 8, .embed_dim = 12, .depth = 2, .num_heads = 3, .mlp_dim = 16};
  const InputShape shape{.channels = 3, .dims = 2, .size = {16, 16}};
  const auto network = make_vit(options, shape, 5);
  const nn::Tensors state = nn::state_of(*network);
  const std::map<std::string, std::string> names{
      {"torchvision", "encoder.layers.encoder_layer_1.mlp.0.weight"},
      {"torchvision 0.12", "encoder.layers.encoder_layer_1.mlp.linear_1.weight"},
      {"timm", "blocks.1.mlp.fc1.weight"}};
  ASSERT_EQ(network->dialects().size(), names.size());
  for (const nn::Dialect& dialect : network->dialects()) {
    const nn::Tensors theirs = nn::translate_back(state, dialect);
    EXPECT_EQ(theirs.size(), state.size()) << dialect.library;
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
}

}  // namespace
}  // namespace photo51::backbones

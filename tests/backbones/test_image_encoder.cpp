#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/cnn/conv_net.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

std::shared_ptr<Encoder> build(const config::Choice& choice, const InputShape& shape) {
  return (*image_encoders().find(choice.name))(choice, shape);
}

data::InputBatch images(int64_t batch, const InputShape& shape) {
  std::vector<int64_t> sizes{batch, shape.channels};
  sizes.insert(sizes.end(), shape.size.begin(), shape.size.end());
  data::InputBatch input;
  input.values = at::randn(sizes);
  input.present = at::ones({batch}, at::kBool);
  input.channel_present = at::ones({batch, shape.channels}, at::kBool);
  return input;
}

const InputShape volume{.image = true, .channels = 2, .dims = 3, .size = {8, 16, 16}};
const InputShape slice{.image = true, .channels = 3, .dims = 2, .size = {32, 32}};

std::vector<config::Choice> small_encoders(TokenPool pool, const std::string& norm) {
  ResNetOptions resnet;
  resnet.width = 4;
  resnet.norm = norm;
  resnet.encoder.pool = pool;
  ConvNetOptions conv_net;
  conv_net.widths = {4, 6};
  conv_net.norm = norm;
  conv_net.encoder.pool = pool;
  VitOptions vit{.patch_size = 8, .embed_dim = 12, .depth = 2, .num_heads = 3, .mlp_dim = 16};
  vit.encoder.pool = pool;
  return {config::choose("resnet", resnet), config::choose("conv_net", conv_net), config::choose("vit", vit)};
}

TEST(ImageEncoders, TokensHaveTheirShape) {
  const at::NoGradGuard no_grad;
  for (const auto& shape : {volume, slice}) {
    for (const auto& choice : small_encoders(TokenPool::mean, "batch")) {
      auto encoder = build(choice, shape);
      const Tokens tokens = encoder->encode(images(2, shape));
      EXPECT_EQ(tokens.values.sizes(), (std::vector<int64_t>{2, 1, encoder->width()})) << choice.name;
      EXPECT_TRUE(tokens.mask.all().item<bool>());
    }
  }
  // conv_net halves twice: 2 x 4 x 4 places; the vit has 1 x 2 x 2 patches and the class token.
  EXPECT_EQ(
      build(small_encoders(TokenPool::none, "batch")[1], volume)->encode(images(1, volume)).values.size(1),
      32);
  EXPECT_EQ(
      build(small_encoders(TokenPool::none, "batch")[2], volume)->encode(images(1, volume)).values.size(1),
      5);
}

/// Without pooling the tokens are the last stage's places behind the prefix; pooled they are no grid.
TEST(ImageEncoders, TokensSayWhatTheyAre) {
  const at::NoGradGuard no_grad;
  for (const TokenPool pool : {TokenPool::mean, TokenPool::none}) {
    for (const auto& choice : small_encoders(pool, "batch")) {
      const Tokens tokens = build(choice, volume)->encode(images(2, volume));
      EXPECT_EQ(tokens.grid.empty(), pool == TokenPool::mean) << choice.name;
      EXPECT_EQ(tokens.prefix, pool == TokenPool::none && choice.name == "vit" ? 1 : 0) << choice.name;
      EXPECT_TRUE(tokens.attention.empty());
      EXPECT_TRUE(tokens.losses.empty());
      EXPECT_EQ(tokens.positions.defined(), pool == TokenPool::none) << choice.name;
      if (pool == TokenPool::mean) continue;
      ASSERT_EQ(tokens.grid.size(), 3U);
      EXPECT_EQ(tokens.values.size(1), tokens.prefix + tokens.grid[0] * tokens.grid[1] * tokens.grid[2])
          << choice.name;
    }
  }
}

/// conv_net has 2 x 4 x 4 places of 4 voxels' edge; the vit's class token is of the whole image.
TEST(ImageEncoders, TokensOfAGridHaveTheirPositions) {
  const at::NoGradGuard no_grad;
  const auto choices = small_encoders(TokenPool::none, "batch");
  data::InputBatch input = images(3, volume);
  input.present[1] = false;
  const auto position = [](const Tokens& tokens, int64_t row, int64_t token) {
    const at::Tensor of = tokens.positions[row][token];
    return std::vector<float>{of[0].item<float>(), of[1].item<float>(), of[2].item<float>()};
  };
  const Tokens places = build(choices[1], volume)->encode(input);
  ASSERT_EQ(places.positions.sizes(), (std::vector<int64_t>{3, 32, 3}));
  EXPECT_THAT(position(places, 0, 0), ::testing::ElementsAre(1.5F, 1.5F, 1.5F));
  EXPECT_THAT(position(places, 2, 1), ::testing::ElementsAre(1.5F, 1.5F, 5.5F));
  EXPECT_THAT(position(places, 2, 31), ::testing::ElementsAre(5.5F, 13.5F, 13.5F));
  EXPECT_FALSE(places.positions.requires_grad());
  const Tokens patches = build(choices[2], volume)->encode(input);
  ASSERT_EQ(patches.positions.sizes(), (std::vector<int64_t>{3, 5, 3}));
  EXPECT_THAT(position(patches, 0, 0), ::testing::ElementsAre(3.5F, 7.5F, 7.5F));
  EXPECT_THAT(position(patches, 0, 4), ::testing::ElementsAre(3.5F, 11.5F, 11.5F));
  EXPECT_EQ(places.positions[1].abs().sum().item<float>(), 0);  // absent
}

TEST(ImageEncoders, AbsentRowsAreZeroMaskedAndWithoutInfluence) {
  for (const TokenPool pool : {TokenPool::mean, TokenPool::none}) {
    for (const auto& choice : small_encoders(pool, "batch")) {
      at::manual_seed(3);
      auto encoder = build(choice, volume);
      data::InputBatch input = images(4, volume);
      input.present = at::tensor({1, 0, 1, 0}).to(at::kBool);
      data::InputBatch other = input;
      other.values = input.values.clone();
      other.values[1].fill_(std::nanf(""));
      auto twin = build(choice, volume);
      nn::load_state(*twin, nn::state_of(*encoder), "twin");
      const Tokens a = encoder->encode(input), b = twin->encode(other);  // training: batch norm is at work
      EXPECT_TRUE(at::equal(a.values, b.values)) << choice.name;
      EXPECT_EQ(a.values[1].abs().sum().item<float>(), 0);
      EXPECT_TRUE(at::equal(a.mask.any(1), input.present));
      const nn::Tensors left = nn::state_of(*encoder), right = nn::state_of(*twin);
      for (const auto& [name, tensor] : left) EXPECT_TRUE(at::equal(tensor, right.at(name))) << name;
    }
  }
}

TEST(ImageEncoders, NobodyAndOneAlonePass) {
  for (const auto& norm : {"batch", "instance", "group"}) {
    for (const auto& choice : small_encoders(TokenPool::mean, norm)) {
      auto encoder = build(choice, volume);
      data::InputBatch input = images(2, volume);
      input.present = at::tensor({0, 1}).to(at::kBool);
      encoder->encode(input).values.sum().backward();
      for (const auto& parameter : encoder->parameters())
        EXPECT_TRUE(!parameter.grad().defined() || parameter.grad().isfinite().all().item<bool>());
      input.present.zero_();
      const Tokens tokens = encoder->encode(input);
      EXPECT_EQ(tokens.values.sizes(), (std::vector<int64_t>{2, 1, encoder->width()}));
      EXPECT_FALSE(tokens.mask.any().item<bool>());
    }
  }
}

TEST(ImageEncoders, OrderOfCasesDoesNotMatterInEvaluation) {
  const at::NoGradGuard no_grad;
  const at::Tensor order = at::tensor({2, 0, 1});
  for (const auto& choice : small_encoders(TokenPool::mean, "batch")) {
    auto encoder = build(choice, slice);
    encoder->eval();
    data::InputBatch input = images(3, slice), permuted = input;
    permuted.values = input.values.index_select(0, order);
    EXPECT_TRUE(at::allclose(encoder->encode(input).values.index_select(0, order),
                             encoder->encode(permuted).values, 1e-4, 1e-5))
        << choice.name;
  }
}

TEST(ImageEncoders, ChannelPresenceIsAppended) {
  ConvNetOptions options;
  options.widths = {4};
  options.encoder.channel_present = true;
  auto encoder = build(config::choose("conv_net", options), volume);
  EXPECT_EQ(encoder->width(), 6);
  data::InputBatch input = images(2, volume);
  input.channel_present[1][0] = false;
  const at::Tensor last = encoder->encode(input).values.slice(2, 4);
  EXPECT_TRUE(at::equal(last.flatten(), at::tensor({1.F, 1.F, 0.F, 1.F})));
  input.channel_present = at::Tensor();
  EXPECT_TRUE(encoder->encode(input).values.slice(2, 4).eq(1).all().item<bool>());
}

TEST(ImageEncoders, StartFromPretrainedWeightsWithoutTheirClassifier) {
  test::TemporaryFolder folder;
  ResNetOptions options;
  options.width = 4;
  const auto pretrained = make_resnet(options, slice, 10);
  nn::save_weights(*pretrained, folder / "w.safetensors");
  options.encoder.weights = folder / "w.safetensors";
  auto encoder = build(config::choose("resnet", options), slice);
  EXPECT_TRUE(at::equal(nn::state_of(*encoder).at("backbone.conv1.weight"),
                        nn::state_of(*pretrained).at("conv1.weight")));
  options.encoder.weights = folder / "none.safetensors";
  EXPECT_THAT(message_of(core::Fault::data, [&] { build(config::choose("resnet", options), slice); }),
              HasSubstr("none.safetensors"));
  const nn::SkipInit skip;
  EXPECT_NO_THROW(build(config::choose("resnet", options), slice));
}

TEST(ImageEncoders, EveryMisuseIsNamed) {
  const InputShape table{.image = false, .channels = 20, .dims = 3, .size = {}};
  for (const auto& choice : small_encoders(TokenPool::mean, "batch"))
    EXPECT_THAT(message_of(core::Fault::usage, [&] { build(choice, table); }),
                HasSubstr("`" + choice.name + "` encodes images and this input is a table"));
  ConvNetOptions flat;
  flat.encoder.dims = 2;
  EXPECT_THAT(message_of(core::Fault::usage, [&] { build(config::choose("conv_net", flat), volume); }),
              HasSubstr("`dims` is 2 and the input is 3D"));
  EXPECT_NO_THROW(build(config::choose("conv_net", flat), slice));
  ConvNetOptions classless;
  classless.encoder.pool = TokenPool::class_token;
  EXPECT_THAT(message_of(core::Fault::usage, [&] { build(config::choose("conv_net", classless), slice); }),
              HasSubstr("no class token; set `pool: mean`"));
  auto encoder = build(small_encoders(TokenPool::mean, "batch")[0], volume);
  EXPECT_THAT(message_of(core::Fault::data, [&] { encoder->encode(images(1, slice)); }),
              HasSubstr("3D images with 2 channels and got a batch of shape [1, 3, 32, 32]"));
}

}  // namespace
}  // namespace photo51::backbones

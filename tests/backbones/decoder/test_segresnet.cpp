#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/decoder/decoder_case.hpp"
#include "photo51/backbones/cnn/segresnet.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/nn/init.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::DecoderCase;
using ::testing::HasSubstr;

config::Choice segresnet_decoder(const SegResNetDecoderOptions& options = {}) {
  return config::choose("segresnet", options);
}

DecoderCase small_segresnet() {
  SegResNetOptions options;
  options.init_filters = 2;
  options.blocks_down = {1, 1};
  options.norm = "layer";
  return {.image_size = {6, 8},
          .stages = {{2, {6, 8}}, {4, {3, 4}}},
          .encoder = config::choose("segresnet", options)};
}

TEST(SegResNetDecoder, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const DecoderCase whole{.image_size = {16, 16, 16},
                          .stages = {{8, {16, 16, 16}}},
                          .encoder = config::choose<SegResNetOptions>("segresnet"),
                          .outputs = 2};
  EXPECT_EQ(test::parameters_of(*whole.make(segresnet_decoder())), 75522);  // MONAI's SegResNet()
}

/// One level by hand: a convolution of 1, interpolation, the stage added.
TEST(SegResNetDecoder, ALevelIsAsTheFormula) {
  const at::NoGradGuard no_grad;
  const DecoderCase of = small_segresnet();
  const auto decoder = of.make(segresnet_decoder());
  const auto state = nn::state_of(*decoder);
  test::fill(*decoder, "up_layers.0.0.conv2", 0);  // the block adds nothing
  const Features found = of.features();
  at::Tensor x = at::conv2d(found.stages[1], state.at("up_samples.0.0.conv.weight"));
  x = at::upsample_bilinear2d(x, {6, 8}, false) + found.stages[0];
  x = ((x - x.mean(1, true)) / (x.var(1, false, true) + 1e-5).sqrt()).clamp_min(0);
  x = at::conv2d(x, state.at("conv_final.2.conv.weight"), state.at("conv_final.2.conv.bias"));
  EXPECT_TRUE(at::allclose(decoder->forward(found, of.image()).at(0), x, 1e-4, 1e-5));
}

TEST(SegResNetDecoder, BlocksAndUpsamplingAreChosen) {
  const auto state = nn::state_of(
      *small_segresnet().make(segresnet_decoder({.blocks_up = {2}, .upsampling = Upsampling::deconv})));
  EXPECT_TRUE(state.contains("up_layers.0.1.norm1.weight"));
  EXPECT_EQ(state.at("up_samples.0.1.deconv.weight").sizes(), (std::vector<int64_t>{2, 2, 2, 2}));
  EXPECT_EQ(state.at("up_samples.0.1.deconv.bias").sizes(), (std::vector<int64_t>{2}));
}

TEST(SegResNetDecoder, TakesWholeNetworks) {
  const auto decoder = small_segresnet().make(segresnet_decoder());
  nn::Tensors file = nn::state_of(*decoder);
  for (const char* name : {"convInit.conv.weight", "down_layers.1.0.conv.weight", "vae_fc1.weight"})
    file[name] = at::ones({1});
  EXPECT_EQ(nn::translate(file, decoder->dialects().at(0), "file").size(), nn::state_of(*decoder).size());
}

TEST(SegResNetDecoder, AnotherNumberOfLevelsIsNamed) {
  PHOTO51_EXPECT_ERROR(small_segresnet().make(segresnet_decoder({.blocks_up = {1, 1}})), usage,
                       HasSubstr("`blocks_up` names 2 levels, and a segresnet of 2 stages has 1"));
}

}  // namespace
}  // namespace photo51::backbones

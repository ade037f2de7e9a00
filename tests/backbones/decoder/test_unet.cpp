#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/decoder/decoder_case.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/config/validate.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::DecoderCase;
using test::message_of;
using ::testing::HasSubstr;

config::Choice unet(const UnetDecoderOptions& options = {}) {
  return config::choose("unet", options);
}

/// As of a ResNet: stages from a quarter of the image on.
const DecoderCase quarter{
    .image_size = {16, 24}, .stages = {{8, {4, 6}}, {12, {2, 3}}, {20, {1, 2}}}, .channels = 2, .outputs = 3};

TEST(UnetDecoder, LevelsBeyondTheFirstStageHalveItsChannels) {
  const auto state = nn::state_of(*quarter.make(unet({.max_features = 10})));
  // Levels of the image's size, a half, a quarter and an eighth of it.
  EXPECT_EQ(state.at("levels.3.conv1.weight").sizes(), (std::vector<int64_t>{10, 20 + 12, 3, 3}));
  EXPECT_EQ(state.at("levels.2.conv1.weight").sizes(), (std::vector<int64_t>{8, 10 + 8, 3, 3}));
  EXPECT_EQ(state.at("levels.1.conv1.weight").sizes(), (std::vector<int64_t>{4, 8, 3, 3}));
  EXPECT_EQ(state.at("levels.0.conv1.weight").sizes(), (std::vector<int64_t>{2, 4 + 2, 3, 3}));
  EXPECT_EQ(state.at("levels.0.conv2.weight").sizes(), (std::vector<int64_t>{2, 2, 3, 3}));
  EXPECT_EQ(state.at("heads.0.weight").sizes(), (std::vector<int64_t>{3, 2, 1, 1}));
  EXPECT_FALSE(state.contains("levels.4.conv1.weight"));
}

/// One level by hand: interpolation, the stage behind it, a convolution, its norm and a leaky ReLU.
TEST(UnetDecoder, ALevelIsAsTheFormula) {
  const at::NoGradGuard no_grad;
  const DecoderCase two{.image_size = {4, 6}, .stages = {{2, {4, 6}}, {3, {2, 3}}}};
  const auto decoder = two.make(unet({.convolutions = 1}));
  const auto state = nn::state_of(*decoder);
  const Features found = two.features();
  const at::Tensor risen = at::upsample_bilinear2d(found.stages[1], {4, 6}, false);
  at::Tensor x =
      at::conv2d(at::cat({risen, found.stages[0]}, 1), state.at("levels.0.conv1.weight"), {}, {1, 1}, {1, 1});
  x = (x - x.mean({2, 3}, true)) / (x.var({2, 3}, false, true) + 1e-5).sqrt();
  x = at::where(x > 0, x, 0.01 * x);
  const at::Tensor logits = at::conv2d(x, state.at("heads.0.weight"), state.at("heads.0.bias"));
  EXPECT_TRUE(at::allclose(decoder->forward(found, two.image()).at(0), logits, 1e-4, 1e-5));
}

TEST(UnetDecoder, ReadsTheImageAndEveryStage) {
  const at::NoGradGuard no_grad;
  for (const auto upsampling : {Upsampling::linear, Upsampling::deconv}) {
    const auto decoder = quarter.make(unet({.upsampling = upsampling}));
    const Features found = quarter.features();
    const at::Tensor image = quarter.image(), first = decoder->forward(found, image).at(0);
    EXPECT_FALSE(at::allclose(decoder->forward(found, quarter.image()).at(0), first));
    for (size_t stage = 0; stage < found.stages.size(); ++stage) {
      Features other = found;
      other.stages[stage] = at::randn_like(found.stages[stage]);
      EXPECT_FALSE(at::allclose(decoder->forward(other, image).at(0), first)) << stage;
    }
  }
  const auto blind = quarter.make(unet({.image_skip = false}));
  const Features found = quarter.features();
  EXPECT_TRUE(
      at::equal(blind->forward(found, quarter.image()).at(0), blind->forward(found, quarter.image()).at(0)));
}

/// An axis that the encoder does not divide does not grow, nor do stages of one size.
TEST(UnetDecoder, GrowsAlongDividedAxesAlone) {
  const at::NoGradGuard no_grad;
  const DecoderCase slices{.image_size = {3, 8, 8}, .stages = {{2, {3, 4, 4}}, {4, {3, 2, 2}}}};
  const auto decoder =
      slices.make(unet({.features = {2, 3}, .kernels = {"1x3x3"}, .upsampling = Upsampling::deconv}));
  const auto state = nn::state_of(*decoder);
  EXPECT_EQ(state.at("levels.1.up.weight").sizes(), (std::vector<int64_t>{4, 4, 1, 2, 2}));
  EXPECT_EQ(state.at("levels.0.up.weight").sizes(), (std::vector<int64_t>{3, 3, 1, 2, 2}));
  EXPECT_EQ(state.at("levels.1.conv1.weight").sizes(), (std::vector<int64_t>{3, 6, 1, 3, 3}));
  EXPECT_EQ(state.at("levels.0.conv1.weight").sizes(), (std::vector<int64_t>{2, 4, 3, 3, 3}));
  EXPECT_EQ(decoder->forward(slices.features(), slices.image()).at(0).sizes(),
            (std::vector<int64_t>{1, 1, 3, 8, 8}));
  const DecoderCase grid{.image_size = {8, 8}, .stages = {{4, {2, 2}}, {4, {2, 2}}}};
  const auto flat = grid.make(unet({.upsampling = Upsampling::deconv}));
  EXPECT_FALSE(nn::state_of(*flat).contains("levels.2.up.weight"));
  EXPECT_EQ(flat->forward(grid.features(), grid.image()).at(0).sizes(), (std::vector<int64_t>{1, 1, 8, 8}));
}

TEST(UnetDecoder, OneStageIsEnough) {
  const DecoderCase one{.image_size = {6, 5}, .stages = {{3, {6, 5}}}};
  const auto decoder = one.make(unet());
  EXPECT_EQ(test::parameters_of(*decoder), 3 + 1);  // the head
  EXPECT_EQ(decoder->forward(one.features(), one.image()).at(0).sizes(), (std::vector<int64_t>{1, 1, 6, 5}));
}

TEST(UnetDecoder, CoarserLevelsHaveLogitsInTraining) {
  const auto decoder = quarter.make(unet({.deep_supervision = 2}));
  const auto logits = decoder->forward(quarter.features(), quarter.image());
  ASSERT_EQ(logits.size(), 3U);
  EXPECT_EQ(logits[1].sizes(), (std::vector<int64_t>{1, 3, 8, 12}));
  EXPECT_EQ(logits[2].sizes(), (std::vector<int64_t>{1, 3, 4, 6}));
  decoder->eval();
  EXPECT_EQ(decoder->forward(quarter.features(), quarter.image()).size(), 1U);
}

TEST(UnetDecoder, EveryMisuseIsNamed) {
  PHOTO51_EXPECT_ERROR(quarter.make(unet({.features = {3, 4}})), usage,
                       HasSubstr("names 2 levels, and behind `made_up` it has 4"));
  PHOTO51_EXPECT_ERROR(quarter.make(unet({.kernels = {"3"}})), usage,
                       HasSubstr("names 1 levels, and the stages of `made_up` but the last are 2"));
  PHOTO51_EXPECT_ERROR(quarter.make(unet({.kernels = {"3", "1x3x3"}})), usage,
                       HasSubstr("`kernels`: `1x3x3` is no size in 2D; write one number, such as 3, or one "
                                 "an axis, 3x3"));
  PHOTO51_EXPECT_ERROR(quarter.make(unet({.deep_supervision = 4})), usage,
                       HasSubstr("`deep_supervision` is 4, and behind `made_up` the decoder has 3"));
  const auto invalid = [](UnetDecoderOptions options) {
    return message_of(core::Fault::usage, [&] { config::validate(options, "decoder"); });
  };
  EXPECT_THAT(invalid({.kernels = {"3", "x"}}), HasSubstr("kernels: each must be a whole number above 0"));
  EXPECT_THAT(invalid({.kernels = {"3", "0"}}), HasSubstr("kernels: each must be"));
  EXPECT_THAT(invalid({.kernels = {"3x3x3x3"}}), HasSubstr("kernels: each must be"));
  EXPECT_THAT(invalid({.kernels = {"2x3"}}), HasSubstr("kernels: must be odd"));
}

}  // namespace
}  // namespace photo51::backbones

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/decoder/decoder_case.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/nn/init.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::DecoderCase;
using ::testing::AllOf;
using ::testing::HasSubstr;

config::Choice unetr_decoder(const UnetrDecoderOptions& options = {}) {
  return config::choose("unetr", options);
}

TEST(UnetrDecoder, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const StageShape stage{768, {2, 2, 2}};
  const DecoderCase whole{.image_size = {32, 32, 32}, .stages = {stage, stage, stage, stage}, .outputs = 2};
  EXPECT_EQ(test::parameters_of(*whole.make(unetr_decoder())),
            4443106);  // MONAI's UNETR(1, 2, 32) without vit
}

/// Patches of 4 voxels take two stages, each of which is read, and the image.
TEST(UnetrDecoder, ReadsTheImageAndEveryStage) {
  const at::NoGradGuard no_grad;
  const DecoderCase of{.image_size = {8, 12}, .stages = {{6, {2, 3}}, {6, {2, 3}}}};
  for (const bool blocks : {true, false}) {
    const auto decoder =
        of.make(unetr_decoder({.feature_size = 2, .conv_block = blocks, .res_block = blocks}));
    const Features found = of.features();
    const at::Tensor image = of.image(), first = decoder->forward(found, image).at(0);
    EXPECT_EQ(first.sizes(), (std::vector<int64_t>{1, 1, 8, 12}));
    EXPECT_FALSE(at::allclose(decoder->forward(found, of.image()).at(0), first));
    for (size_t stage = 0; stage < 2; ++stage) {
      Features other = found;
      other.stages[stage] = at::randn_like(found.stages[stage]);
      EXPECT_FALSE(at::allclose(decoder->forward(other, image).at(0), first)) << stage;
    }
  }
}

TEST(UnetrDecoder, NamesAreMonais) {
  const StageShape stage{6, {2, 2}};
  const DecoderCase of{.image_size = {32, 32}, .stages = {stage, stage, stage, stage}};
  const auto state = nn::state_of(*of.make(unetr_decoder({.feature_size = 2})));
  EXPECT_EQ(state.at("encoder2.blocks.1.0.conv.weight").sizes(), (std::vector<int64_t>{4, 4, 2, 2}));
  EXPECT_EQ(state.at("encoder4.transp_conv_init.conv.weight").sizes(), (std::vector<int64_t>{6, 16, 2, 2}));
  EXPECT_EQ(state.at("decoder5.conv_block.conv3.conv.weight").sizes(), (std::vector<int64_t>{16, 32, 1, 1}));
  EXPECT_TRUE(state.contains("encoder1.layer.conv1.conv.weight"));
  EXPECT_FALSE(state.contains("encoder1.layer.norm1.weight"));
  const auto plain = nn::state_of(
      *of.make(unetr_decoder({.feature_size = 2, .affine = true, .conv_block = false, .res_block = false})));
  EXPECT_TRUE(plain.contains("encoder2.blocks.1.conv.weight"));
  EXPECT_TRUE(plain.contains("encoder1.layer.norm1.weight"));
  EXPECT_FALSE(plain.contains("encoder1.layer.conv3.conv.weight"));
}

TEST(UnetrDecoder, TakesWholeNetworks) {
  const DecoderCase of{.image_size = {8, 12}, .stages = {{6, {2, 3}}, {6, {2, 3}}}};
  const auto decoder = of.make(unetr_decoder());
  nn::Tensors file = nn::state_of(*decoder);
  file["vit.norm.weight"] = file["vit.blocks.0.mlp.linear1.weight"] = at::ones({1});
  EXPECT_EQ(nn::translate(file, decoder->dialects().at(0), "file").size(), nn::state_of(*decoder).size());
}

TEST(UnetrDecoder, StagesOfOtherSizesAreNamed) {
  const DecoderCase halving{.image_size = {8, 8}, .stages = {{6, {4, 4}}, {6, {2, 2}}}};
  PHOTO51_EXPECT_ERROR(halving.make(unetr_decoder()), usage,
                       AllOf(HasSubstr("needs stages of one grid"), HasSubstr("`made_up` has 2"),
                             HasSubstr("take `decoder: unet`")));
  const DecoderCase widening{.image_size = {8, 8}, .stages = {{6, {2, 2}}, {8, {2, 2}}}};
  PHOTO51_EXPECT_ERROR(widening.make(unetr_decoder()), usage, HasSubstr("needs stages of one grid"));
}

}  // namespace
}  // namespace photo51::backbones

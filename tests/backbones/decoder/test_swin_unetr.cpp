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

config::Choice swin_unetr_decoder(const SwinUnetrDecoderOptions& options = {}) {
  return config::choose("swin_unetr", options);
}

const DecoderCase three{.image_size = {16, 24}, .stages = {{2, {8, 12}}, {4, {4, 6}}, {8, {2, 3}}}};

TEST(SwinUnetrDecoder, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  DecoderCase whole{.image_size = {32, 32, 32}, .stages = {}, .outputs = 2};
  for (int64_t i = 0; i < 5; ++i)
    whole.stages.push_back({int64_t{24} << i, std::vector<int64_t>(3, int64_t{16} >> i)});
  // MONAI's SwinUNETR(1, 2) without swinViT.
  EXPECT_EQ(test::parameters_of(*whole.make(swin_unetr_decoder())), 13531538);
}

TEST(SwinUnetrDecoder, ReadsTheImageAndEveryStage) {
  const at::NoGradGuard no_grad;
  const auto decoder = three.make(swin_unetr_decoder());
  const Features found = three.features();
  const at::Tensor image = three.image(), first = decoder->forward(found, image).at(0);
  EXPECT_EQ(first.sizes(), (std::vector<int64_t>{1, 1, 16, 24}));
  EXPECT_FALSE(at::allclose(decoder->forward(found, three.image()).at(0), first));
  for (size_t stage = 0; stage < found.stages.size(); ++stage) {
    Features other = found;
    other.stages[stage] = at::randn_like(found.stages[stage]);
    EXPECT_FALSE(at::allclose(decoder->forward(other, image).at(0), first)) << stage;
  }
}

TEST(SwinUnetrDecoder, NamesAreMonaisAndTheLastStepIsThePatch) {
  const auto state = nn::state_of(*three.make(swin_unetr_decoder()));
  EXPECT_EQ(state.at("encoder10.layer.conv1.conv.weight").sizes(), (std::vector<int64_t>{8, 8, 3, 3}));
  EXPECT_EQ(state.at("encoder2.layer.conv1.conv.weight").sizes(), (std::vector<int64_t>{2, 2, 3, 3}));
  EXPECT_FALSE(state.contains("encoder3.layer.conv1.conv.weight"));
  EXPECT_EQ(state.at("decoder3.transp_conv.conv.weight").sizes(), (std::vector<int64_t>{8, 4, 2, 2}));
  EXPECT_EQ(state.at("decoder1.transp_conv.conv.weight").sizes(), (std::vector<int64_t>{2, 2, 2, 2}));
  DecoderCase flat = three;
  flat.image_size = {8, 48};  // patches of 1 x 4
  EXPECT_EQ(nn::state_of(*flat.make(swin_unetr_decoder())).at("decoder1.transp_conv.conv.weight").sizes(),
            (std::vector<int64_t>{2, 2, 1, 4}));
  EXPECT_TRUE(nn::state_of(*three.make(swin_unetr_decoder({.affine = true})))
                  .contains("decoder1.conv_block.norm3.bias"));
}

TEST(SwinUnetrDecoder, TakesWholeNetworks) {
  const auto decoder = three.make(swin_unetr_decoder());
  nn::Tensors file = nn::state_of(*decoder);
  file["swinViT.patch_embed.proj.weight"] = file["swinViT.layers1.0.blocks.0.norm1.bias"] = at::ones({1});
  EXPECT_EQ(nn::translate(file, decoder->dialects().at(0), "file").size(), nn::state_of(*decoder).size());
}

TEST(SwinUnetrDecoder, StagesThatDoNotHalveAreNamed) {
  const DecoderCase grid{.image_size = {8, 8}, .stages = {{6, {2, 2}}, {6, {2, 2}}, {6, {2, 2}}}};
  PHOTO51_EXPECT_ERROR(grid.make(swin_unetr_decoder()), usage,
                       AllOf(HasSubstr("each half as large as the one before"), HasSubstr("`made_up`"),
                             HasSubstr("take `decoder: unet`")));
  const DecoderCase alone{.image_size = {8, 8}, .stages = {{6, {2, 2}}}};
  PHOTO51_EXPECT_ERROR(alone.make(swin_unetr_decoder()), usage, HasSubstr("needs two stages or more"));
}

}  // namespace
}  // namespace photo51::backbones

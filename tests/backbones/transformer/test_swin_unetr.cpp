#include "photo51/backbones/transformer/swin_unetr.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

const InputShape kScan{.channels = 1, .dims = 3, .size = {}};

SwinUnetrOptions small_swin_unetr() {
  SwinUnetrOptions options;
  options.feature_size = 12;
  options.depths = {2, 1};
  options.num_heads = {2, 4};
  options.window_size = {3};
  return options;
}

TEST(SwinUnetr, ImagesArePaddedToPatchesAndStagesRoundUp) {
  const at::NoGradGuard no_grad;
  const auto network = make_swin_unetr(small_swin_unetr(), kScan);
  const at::Tensor image = at::randn({1, 1, 9, 12, 7});
  const Features features = network->features(image);
  ASSERT_EQ(features.stages.size(), 3U);
  EXPECT_EQ(features.stages[0].sizes(), (std::vector<int64_t>{1, 12, 5, 6, 4}));
  EXPECT_EQ(features.stages[1].sizes(), (std::vector<int64_t>{1, 24, 3, 3, 2}));
  EXPECT_EQ(features.stages[2].sizes(), (std::vector<int64_t>{1, 48, 2, 2, 1}));
  const Features padded = network->features(at::constant_pad_nd(image, {0, 1, 0, 0, 0, 1}));
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(features.stages[i], padded.stages[i])) << i;
}

/// Each place has the mean 0 and the variance 1 over its channels; what goes on has not.
TEST(SwinUnetr, StagesAreNormalisedIfAsked) {
  const at::NoGradGuard no_grad;
  SwinUnetrOptions options = small_swin_unetr();
  const auto normalised = make_swin_unetr(options, kScan);
  options.normalize = false;
  const auto raw = make_swin_unetr(options, kScan);
  nn::load_state(*raw, nn::state_of(*normalised), "the other");
  const at::Tensor image = 10 * at::randn({1, 1, 8, 8, 8});
  const Features a = normalised->features(image), b = raw->features(image);
  for (size_t i = 0; i < a.stages.size(); ++i) {
    const at::Tensor x = b.stages[i];
    const at::Tensor expected = (x - x.mean(1, true)) / (x.var(1, false, true) + 1e-5).sqrt();
    EXPECT_TRUE(at::allclose(a.stages[i], expected, 1e-3, 1e-4)) << i;
  }
}

/// The orders differ in which weights of the reduction a corner meets: with a reduction that sees one corner
/// alone the map is that corner.
TEST(SwinUnetr, CornersAreMergedInTheOrderAskedFor) {
  const at::NoGradGuard no_grad;
  const std::map<SwinMerging, std::vector<std::vector<int64_t>>> orders{
      {SwinMerging::merging,
       {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}}},
      {SwinMerging::merging_1_4,
       {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 1}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}}},
      {SwinMerging::mergingv2,
       {{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 1}, {1, 0, 0}, {1, 0, 1}, {1, 1, 0}, {1, 1, 1}}}};
  SwinUnetrOptions options = small_swin_unetr();
  options.depths = {1};
  options.num_heads = {2};
  options.normalize = false;
  options.patch_size = {1};
  for (const auto& [order, corners] : orders) {
    options.downsample = order;
    const auto network = make_swin_unetr(options, kScan);
    for (auto& entry : network->named_parameters()) {
      const std::string& name = entry.key();
      // Blocks that add nothing, a patch whose channels are the voxel times what the channel is.
      if (name.find(".proj.") != std::string::npos || name.find(".linear2.") != std::string::npos)
        entry.value().zero_();
      if (name == "patch_embed.proj.weight") entry.value().copy_(at::arange(12).view({12, 1, 1, 1, 1}));
      if (name == "patch_embed.proj.bias") entry.value().zero_();
      if (name.ends_with("downsample.norm.bias")) entry.value().zero_();
    }
    const at::Tensor image = at::randn({1, 1, 2, 2, 2});
    at::Tensor reduction = nn::state_of(*network).at("layers1.0.downsample.reduction.weight");
    // The norm is the same for all corners, so their relations are those of the voxels.
    const at::Tensor all =
        at::arange(12).to(at::kFloat).view({1, 12}) * at::stack([&] {
                                                        std::vector<at::Tensor> voxels;
                                                        for (const auto& c : corners)
                                                          voxels.push_back(image[0][0][c[0]][c[1]][c[2]]);
                                                        return voxels;
                                                      }())
                                                          .unsqueeze(1);
    const at::Tensor normed = at::layer_norm(all.flatten(), {96});
    for (int64_t i = 0; i < 8; ++i) {
      reduction.zero_();
      reduction[0][12 * i + 5] = 1;
      const at::Tensor seen = network->features(image).stages[1][0][0].squeeze();
      EXPECT_NEAR(seen.item<float>(), normed[12 * i + 5].item<float>(), 1e-4)
          << enum_names(order)[static_cast<size_t>(order)] << " " << i;
    }
  }
}

TEST(SwinUnetr, Version2HasConvolutionsBeforeEachStage) {
  const at::NoGradGuard no_grad;
  SwinUnetrOptions options = small_swin_unetr();
  options.use_v2 = options.patch_norm = true;
  const auto network = make_swin_unetr(options, kScan);
  const nn::Tensors state = nn::state_of(*network);
  EXPECT_EQ(state.at("layers2c.0.layer.conv2.conv.weight").sizes(), (std::vector<int64_t>{24, 24, 3, 3, 3}));
  EXPECT_FALSE(state.contains("layers2c.0.layer.conv2.conv.bias"));
  EXPECT_EQ(state.at("patch_embed.norm.weight").sizes(), (std::vector<int64_t>{12}));
  EXPECT_EQ(network->features(at::randn({1, 1, 8, 8, 8})).stages[2].sizes(),
            (std::vector<int64_t>{1, 48, 1, 1, 1}));
}

/// Of the transformer alone, of the whole Swin UNETR, of the pretraining, and what stands beside it there.
TEST(SwinUnetr, TakesTheNamesOfOthers) {
  const test::TemporaryFolder folder;
  const auto network = make_swin_unetr(small_swin_unetr(), kScan);
  const nn::Tensors state = nn::state_of(*network);
  const at::Tensor one = at::ones({1});
  ASSERT_EQ(network->dialects().size(), 12U);
  for (const nn::Dialect& dialect : network->dialects()) {
    nn::Tensors theirs = nn::translate_back(state, dialect);
    EXPECT_EQ(theirs.size(), state.size() + 3) << dialect.library;  // an index a block
    const std::string outer = dialect.library.find("module.") == std::string::npos ? "" : "module.";
    for (const char* other : {"encoder1.layer.conv1.conv.weight", "encoder10.layer.conv1.conv.weight",
                              "decoder5.transp_conv.conv.weight", "out.conv.conv.bias", "norm.weight",
                              "mask_token", "rotation_head.weight", "contrastive_head.bias", "conv.weight"})
      theirs[outer + other] = one;
    nn::write_safetensors(folder / "w.safetensors", theirs);
    const auto encoder = make_swin_unetr(small_swin_unetr(), kScan);
    nn::load_pretrained(*encoder, folder / "w.safetensors", encoder->dialects());
    for (const auto& [name, values] : nn::state_of(*encoder))
      EXPECT_TRUE(at::equal(values, state.at(name))) << dialect.library << " " << name;
  }
  const nn::Tensors pretrained = nn::translate_back(state, network->dialects()[7]);
  EXPECT_TRUE(pretrained.contains("module.layers1.0.blocks.1.mlp.fc1.weight"));
  EXPECT_TRUE(pretrained.contains("module.layers2.0.blocks.0.attn.relative_position_index"));
  EXPECT_TRUE(nn::translate_back(state, network->dialects()[2]).contains("swinViT.patch_embed.proj.weight"));
}

TEST(SwinUnetr, EveryMisuseIsNamed) {
  const auto failure = [](const auto& change) {
    SwinUnetrOptions options = small_swin_unetr();
    change(options);
    return message_of(core::Fault::usage, [&] { make_swin_unetr(options, kScan); });
  };
  EXPECT_THAT(failure([](SwinUnetrOptions& o) { o.depths = {}; }),
              HasSubstr("`depths` (0) and `num_heads` (2)"));
  EXPECT_THAT(failure([](SwinUnetrOptions& o) {
                o.patch_size = {2, 2};
              }),
              HasSubstr("`patch_size` takes one number or, for images in 3D, 3; it has 2"));
}

TEST(SwinUnetr, OptionsAreHeldToTheirConditions) {
  const auto failure = [](const auto& change) {
    SwinUnetrOptions options = small_swin_unetr();
    change(options);
    return message_of(core::Fault::usage, [&] { config::validate(options, "m"); });
  };
  EXPECT_NO_THROW(config::validate(SwinUnetrOptions{}, "m"));
  EXPECT_THAT(failure([](SwinUnetrOptions& o) { o.depths = {}; }),
              HasSubstr("m.num_heads: must be as many as"));
  EXPECT_THAT(failure([](SwinUnetrOptions& o) {
                o.num_heads = {5, 4};
              }),
              HasSubstr("m.num_heads: must divide the features of their stages"));
  EXPECT_THAT(failure([](SwinUnetrOptions& o) { o.dropout = 1; }), HasSubstr("m.dropout: must be below 1"));
  EXPECT_THAT(failure([](SwinUnetrOptions& o) { o.attention_dropout = 1; }),
              HasSubstr("m.attention_dropout: must be below 1"));
  EXPECT_THAT(failure([](SwinUnetrOptions& o) { o.drop_path = 1; }),
              HasSubstr("m.drop_path: must be below 1"));
}

}  // namespace
}  // namespace photo51::backbones

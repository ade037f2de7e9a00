#include "photo51/backbones/cnn/mednext.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using ::testing::HasSubstr;

MedNextOptions tiny_mednext() {
  MedNextOptions options;
  options.blocks = {1, 1};
  options.expansion_ratio = {2, 3};
  options.init_filters = 4;
  return options;
}

/// MONAI's MedNeXtS, B, M and L with two channels, without the decoder.
TEST(MedNext, VariantsHaveThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  for (const auto& [variant, expected] :
       std::vector<std::pair<MedNextVariant, int64_t>>{{MedNextVariant::small, 3572640},
                                                       {MedNextVariant::base, 6849888},
                                                       {MedNextVariant::medium, 12476288},
                                                       {MedNextVariant::large, 46699840}}) {
    MedNextOptions options;
    options.variant = variant;
    int64_t total = 0;
    for (const auto& parameter : make_mednext(options, {.channels = 2, .dims = 3, .size = {}})->parameters())
      total += parameter.numel();
    EXPECT_EQ(total, expected) << config::name_of(variant);
  }
}

TEST(MedNext, StagesHalveAndRoundUp) {
  const at::NoGradGuard no_grad;
  const auto network = make_mednext(tiny_mednext(), {.channels = 2, .dims = 3, .size = {}});
  EXPECT_EQ(network->widths(), (std::vector<int64_t>{4, 8}));
  const auto stages = network->features(at::randn({1, 2, 5, 8, 6})).stages;
  EXPECT_EQ(stages[0].sizes(), (std::vector<int64_t>{1, 4, 5, 8, 6}));
  EXPECT_EQ(stages[1].sizes(), (std::vector<int64_t>{1, 8, 3, 4, 3}));
}

TEST(MedNext, HalvingBlocksAreAsWideAsTheStageBeforeOrAfter) {
  MedNextOptions options = tiny_mednext();
  const auto inside = [&] {
    return nn::state_of(*make_mednext(options, {.dims = 2, .size = {}}))
        .at("down_blocks.0.conv2.weight")
        .size(0);
  };
  EXPECT_EQ(inside(), 4 * 2);
  options.down_expansion = MedNextDownExpansion::after;
  EXPECT_EQ(inside(), 4 * 3);
}

/// A block by hand: depthwise convolution, norm, expansion, GELU, response norm, compression, shortcut.
TEST(MedNext, BlocksAreThoseOfThePaper) {
  const at::NoGradGuard no_grad;
  MedNextOptions options = tiny_mednext();
  options.blocks = {1};
  options.expansion_ratio = {2};
  options.global_response_norm = true;
  const auto network = make_mednext(options, {.channels = 1, .dims = 2, .size = {}});
  auto state = nn::state_of(*network);
  state.at("bottleneck.0.global_resp_gamma").normal_();
  state.at("bottleneck.0.global_resp_beta").normal_();
  const auto conv = [&](const at::Tensor& x, const std::string& name, int64_t groups) {
    const at::Tensor weight = state.at(name + ".weight");
    const int64_t padding = weight.size(2) / 2;
    return at::conv2d(x, weight, state.at(name + ".bias"), {1, 1}, {padding, padding}, {1, 1}, groups);
  };
  const at::Tensor image = at::randn({2, 1, 6, 5}), stem = conv(image, "stem", 1);
  const at::Tensor depthwise = conv(stem, "bottleneck.0.conv1", 4);
  const at::Tensor normed =
      (depthwise - depthwise.mean({2, 3}, true)) / (depthwise.var({2, 3}, false, true) + 1e-5).sqrt();
  const at::Tensor wide = at::gelu(conv(normed, "bottleneck.0.conv2", 1));
  const at::Tensor energy = wide.square().sum({2, 3}, true).sqrt();
  const at::Tensor response =
      state.at("bottleneck.0.global_resp_gamma") * wide * energy / (energy.mean(1, true) + 1e-6) +
      state.at("bottleneck.0.global_resp_beta") + wide;
  EXPECT_TRUE(at::allclose(network->features(image).stages[0], stem + conv(response, "bottleneck.0.conv3", 1),
                           1e-4, 1e-5));
}

TEST(MedNext, ShortcutsMayBeLeftOut) {
  MedNextOptions options = tiny_mednext();
  const InputShape shape{.channels = 1, .dims = 2, .size = {}};
  EXPECT_TRUE(nn::state_of(*make_mednext(options, shape)).contains("down_blocks.0.res_conv.weight"));
  options.residual = false;
  const auto network = make_mednext(options, shape);
  EXPECT_FALSE(nn::state_of(*network).contains("down_blocks.0.res_conv.weight"));
  const at::NoGradGuard no_grad;
  for (auto& [name, values] : nn::state_of(*network))
    if (name.starts_with("enc_stages.0.0.conv3.")) at::Tensor(values).zero_();
  EXPECT_EQ(network->features(at::randn({1, 1, 4, 4})).stages[0].abs().max().item<float>(), 0);
}

TEST(MedNext, TakesWholeNetworksOfMonaiAndOfTheAuthors) {
  MedNextOptions options = tiny_mednext();
  options.global_response_norm = true;
  const auto network = make_mednext(options, {.channels = 1, .dims = 2, .size = {}});
  const nn::Tensors own = nn::state_of(*network);
  const auto dialects = network->dialects();
  nn::Tensors monai = nn::translate_back(own, dialects.at(0)),
              authors = nn::translate_back(own, dialects.at(1));
  for (const char* name : {"enc_block_0.0.grn_beta", "bottleneck.0.grn_gamma", "down_0.res_conv.bias",
                           "enc_block_0.0.norm.weight", "dummy_tensor"})
    EXPECT_TRUE(authors.contains(name)) << name;
  for (const char* name : {"up_blocks.0.conv1.weight", "dec_stages.0.0.conv1.weight", "out_0.conv_out.bias",
                           "out_blocks.0.conv_out.bias"})
    monai[name] = at::ones({1});
  for (const char* name : {"up_0.conv1.weight", "dec_block_0.0.conv1.weight", "out_1.conv_out.bias"})
    authors[name] = at::ones({1});
  for (const auto& [file, dialect] : {std::pair{monai, dialects[0]}, std::pair{authors, dialects[1]}}) {
    const nn::Tensors translated = nn::translate(file, dialect, "file");
    ASSERT_EQ(translated.size(), own.size()) << dialect.library;
    for (const auto& [name, values] : own)
      EXPECT_TRUE(at::equal(translated.at(name), values)) << dialect.library << " " << name;
  }
}

TEST(MedNext, EveryMisuseIsNamed) {
  MedNextOptions options;
  options.blocks = {1, 1};
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { make_mednext(options, {}); }),
              HasSubstr("`expansion_ratio` (5 numbers) for each stage of `blocks` (2)"));
  const auto message = [&] {
    return test::message_of(core::Fault::usage, [&] { config::validate(options, "mednext"); });
  };
  EXPECT_THAT(message(), HasSubstr("expansion_ratio: needs a number for each of the stages of `blocks` (2)"));
  options = {};
  options.kernel_size = 4;
  EXPECT_THAT(message(), HasSubstr("kernel_size: must be odd"));
}

}  // namespace
}  // namespace photo51::backbones

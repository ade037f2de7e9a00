#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/decoder/decoder_case.hpp"
#include "photo51/backbones/cnn/dynunet.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::DecoderCase;
using ::testing::HasSubstr;

config::Choice dynunet_decoder(const DynUnetDecoderOptions& options = {}) {
  return config::choose("dynunet", options);
}

DecoderCase of_stages(size_t count, double dropout = 0) {
  DynUnetOptions options;
  options.strides.assign(count, "2");
  options.strides[0] = "1";
  options.dropout = dropout;
  DecoderCase of{.image_size = {16, 16}, .stages = {}};
  for (size_t i = 0; i < count; ++i) {
    options.features.push_back(2 + static_cast<int64_t>(i));
    of.stages.push_back({options.features.back(), {int64_t{16} >> i, int64_t{16} >> i}});
  }
  of.encoder = config::choose("dynunet", options);
  return of;
}

TEST(DynUnetDecoder, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const DecoderCase whole{.image_size = {32, 32, 32},
                          .stages = {{32, {32, 32, 32}}},
                          .encoder = config::choose<DynUnetOptions>("dynunet"),
                          .outputs = 2};
  // MONAI's DynUNet(3, 1, 2, [3] * 6, [1, 2, 2, 2, 2, 2], [2] * 5) without its encoder.
  EXPECT_EQ(test::parameters_of(*whole.make(dynunet_decoder({.deep_supervision = 0}))), 17166530);
}

/// As nnU-Net weights them: of four stages the finest level and one more.
TEST(DynUnetDecoder, CoarserLevelsHaveLogitsInTraining) {
  const DecoderCase of = of_stages(4);
  const auto decoder = of.make(dynunet_decoder());
  const auto logits = decoder->forward(of.features(), of.image());
  ASSERT_EQ(logits.size(), 2U);
  EXPECT_EQ(logits[1].sizes(), (std::vector<int64_t>{1, 1, 8, 8}));
  EXPECT_EQ(of.make(dynunet_decoder({.deep_supervision = 2}))->forward(of.features(), of.image()).size(), 3U);
  EXPECT_EQ(of.make(dynunet_decoder({.deep_supervision = 0}))->forward(of.features(), of.image()).size(), 1U);
  decoder->eval();
  EXPECT_EQ(decoder->forward(of.features(), of.image()).size(), 1U);
  const DecoderCase two = of_stages(2);
  EXPECT_EQ(two.make(dynunet_decoder())->forward(two.features(), two.image()).size(), 1U);
}

/// One level by hand: a transposed convolution, the stage behind it, twice a convolution, norm and ReLU.
TEST(DynUnetDecoder, ALevelIsAsTheFormula) {
  const at::NoGradGuard no_grad;
  const DecoderCase of = of_stages(2);
  const auto decoder = of.make(dynunet_decoder());
  const auto state = nn::state_of(*decoder);
  const Features found = of.features();
  at::Tensor x = at::conv_transpose2d(found.stages[1], state.at("upsamples.0.transp_conv.conv.weight"), {},
                                      at::IntArrayRef{2, 2});
  x = at::cat({x, found.stages[0]}, 1);
  for (const std::string name : {"upsamples.0.conv_block.conv1.conv", "upsamples.0.conv_block.conv2.conv"}) {
    x = at::conv2d(x, state.at(name + ".weight"), {}, {1, 1}, {1, 1});
    x = (x - x.mean({2, 3}, true)) / (x.var({2, 3}, false, true) + 1e-5).sqrt();
    x = at::where(x > 0, x, 0.01 * x);
  }
  x = at::conv2d(x, state.at("output_block.conv.conv.weight"), state.at("output_block.conv.conv.bias"));
  EXPECT_TRUE(at::allclose(decoder->forward(found, of.image()).at(0), x, 1e-4, 1e-5));
}

TEST(DynUnetDecoder, DropoutIsTheEncoders) {
  at::manual_seed(3);
  const DecoderCase of = of_stages(2, 0.5);
  const auto decoder = of.make(dynunet_decoder());
  const Features found = of.features();
  const auto logits = [&] { return decoder->forward(found, of.image()).at(0); };
  EXPECT_FALSE(at::equal(logits(), logits()));
  {
    const nn::Capture capture(*decoder);
    logits();
    const auto dropped = capture.activations("upsamples.0.conv_block.dropout");
    ASSERT_EQ(dropped.size(), 2U);
    EXPECT_NEAR(dropped[0].eq(0).to(at::kDouble).mean().item<double>(), 0.5, 0.15);
  }
  decoder->eval();
  EXPECT_TRUE(at::equal(logits(), logits()));
}

/// Where MONAI would give a smaller map.
TEST(DynUnetDecoder, AFirstStageWithAStrideIsEnlarged) {
  const at::NoGradGuard no_grad;
  DecoderCase of = of_stages(2);
  of.stages[0].size = {8, 8};
  of.stages[1].size = {4, 4};
  EXPECT_EQ(of.make(dynunet_decoder())->forward(of.features(), of.image()).at(0).sizes(),
            (std::vector<int64_t>{1, 1, 16, 16}));
}

TEST(DynUnetDecoder, TakesWholeNetworks) {
  const DecoderCase of = of_stages(4);
  const auto with = of.make(dynunet_decoder({.deep_supervision = 2}));
  const auto without = of.make(dynunet_decoder({.deep_supervision = 0}));
  nn::Tensors file = nn::state_of(*with);
  for (const char* name : {"input_block.conv1.conv.weight", "downsamples.0.norm1.bias",
                           "bottleneck.conv2.conv.weight", "skip_layers.downsample.conv1.conv.weight"})
    file[name] = at::ones({1});
  EXPECT_EQ(nn::translate(file, with->dialects().at(0), "file").size(), nn::state_of(*with).size());
  // Prediction needs no coarser logits.
  EXPECT_EQ(nn::translate(file, without->dialects().at(0), "file").size(), nn::state_of(*without).size());
}

TEST(DynUnetDecoder, TooManyLevelsOfSupervisionAreNamed) {
  PHOTO51_EXPECT_ERROR(
      of_stages(4).make(dynunet_decoder({.deep_supervision = 3})), usage,
      HasSubstr("`deep_supervision` is 3, and a dynunet of 4 stages has 2 coarser level(s)"));
}

}  // namespace
}  // namespace photo51::backbones

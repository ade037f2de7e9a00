#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/decoder/basic_unet.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

TEST(BasicUnetDecoder, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  int64_t total = 0;
  for (const auto& parameter : BasicUnetDecoder({}, {}).parameters()) total += parameter.numel();
  EXPECT_EQ(total, 2178882);  // MONAI's BasicUNet() without its encoder
}

TEST(BasicUnetDecoder, GivesTheSizeOfTheImage) {
  const at::NoGradGuard no_grad;
  BasicUnetOptions options;
  options.features = {4, 6, 8};
  const auto encoder = make_basic_unet(options, {.channels = 1, .dims = 2, .size = {}});
  BasicUnetDecoder decoder(options, {.dims = 2, .out_channels = 3, .last_features = 5});
  const at::Tensor image = at::randn({2, 1, 13, 10});
  const at::Tensor y = decoder.forward(encoder->features(image), image).at(0);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{2, 3, 13, 10}));
}

/// With transposed convolutions of zeros the encoder's first stage alone is seen.
TEST(BasicUnetDecoder, ReadsTheSkips) {
  const at::NoGradGuard no_grad;
  BasicUnetOptions options;
  options.features = {2, 3};
  BasicUnetDecoder decoder(options, {.dims = 2, .out_channels = 1, .last_features = 2});
  const auto state = nn::state_of(decoder);
  for (const char* name : {"upcat_1.upsample.deconv.weight", "upcat_1.upsample.deconv.bias"})
    at::Tensor(state.at(name)).zero_();
  Features found;
  found.stages = {at::randn({1, 2, 6, 6}), at::randn({1, 3, 3, 3})};
  const at::Tensor first = decoder.forward(found, {}).at(0);
  found.stages[1] = at::randn({1, 3, 3, 3});
  EXPECT_TRUE(at::equal(decoder.forward(found, {}).at(0), first));
  found.stages[0] = at::randn({1, 2, 6, 6});
  EXPECT_FALSE(at::allclose(decoder.forward(found, {}).at(0), first));
}

TEST(BasicUnetDecoder, TakesWholeNetworks) {
  BasicUnetOptions options;
  options.features = {3, 4};
  BasicUnetDecoder decoder(options, {.dims = 2});
  nn::Tensors file = nn::state_of(decoder);
  const size_t own = file.size();
  file["conv_0.conv_0.conv.weight"] = file["down_1.convs.conv_0.conv.bias"] = at::ones({1});
  EXPECT_EQ(nn::translate(file, decoder.dialects().at(0), "file").size(), own);
}

TEST(BasicUnetDecoder, OneStageIsNotEnough) {
  BasicUnetOptions options;
  options.features = {4};
  PHOTO51_EXPECT_ERROR(BasicUnetDecoder(options, {}), usage, ::testing::HasSubstr("name two or more"));
}

}  // namespace
}  // namespace photo51::backbones

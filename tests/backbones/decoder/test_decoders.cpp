/// What holds of all decoders.

#include "photo51/backbones/decoder/decoders.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/config/components.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/small_decoders.hpp"

namespace photo51::backbones {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<Backbone> network_of(const config::Choice& encoder, const InputShape& shape) {
  return image_encoders().find(encoder.name)->network(encoder, shape, 0);
}

/// At odd sizes too, and at others than it was built for.
TEST(Decoders, GiveLogitsAtTheSizeOfTheImage) {
  const at::NoGradGuard no_grad;
  for (const auto& small : test::small_decoders()) {
    SCOPED_TRACE(small.decoder.name + " behind " + small.encoder.name);
    const bool on_patches = small.encoder.name == "unetr";  // whose positions are of one size
    const std::vector<std::vector<int64_t>> sizes = {{20, 32}, {21, 35}, {8, 12, 12}, {9, 14, 11}};
    for (const auto& size : sizes) {
      if (on_patches && size.back() % 4 != 0) continue;
      SCOPED_TRACE(c10::str(at::IntArrayRef(size)));
      const auto dims = static_cast<int64_t>(size.size());
      const auto encoder = network_of(small.encoder, {.channels = 2, .dims = dims, .size = size});
      const auto decoder =
          make_decoder(small.decoder, decoder_input(*encoder, small.encoder, dims, 2, 3, size));
      std::vector<int64_t> shape{2, 2};
      shape.insert(shape.end(), size.begin(), size.end());
      for (const int64_t more : {0, 3}) {
        if (on_patches && more > 0) continue;
        shape.back() += more;
        const at::Tensor image = at::randn(shape);
        std::vector<int64_t> expected = shape;
        expected[1] = 3;
        decoder->train();
        const auto in_training = decoder->forward(encoder->features(image), image);
        EXPECT_EQ(in_training.front().sizes(), expected);
        for (size_t level = 1; level < in_training.size(); ++level)
          EXPECT_LT(in_training[level].numel(), in_training[level - 1].numel());
        decoder->eval();
        const auto predicted = decoder->forward(encoder->features(image), image);
        ASSERT_EQ(predicted.size(), 1U);
        EXPECT_EQ(predicted.front().sizes(), expected);
      }
    }
  }
}

TEST(Decoders, EveryParameterBelongsToALayerAndLearns) {
  for (const auto& small : test::small_decoders()) {
    SCOPED_TRACE(small.decoder.name + " behind " + small.encoder.name);
    const InputShape shape{.channels = 1, .dims = 2, .size = {32, 64}};
    const auto encoder = network_of(small.encoder, shape);
    const auto decoder =
        make_decoder(small.decoder, decoder_input(*encoder, small.encoder, 2, 1, 2, shape.size));
    EXPECT_THAT(nn::unseen_parameters(*decoder), IsEmpty());
    const at::Tensor image = at::randn({2, 1, 32, 64});
    at::Tensor sum;
    for (const auto& logits : decoder->forward(encoder->features(image), image))
      sum = sum.defined() ? sum + logits.square().sum() : logits.square().sum();
    sum.backward();
    for (const auto& parameter : decoder->named_parameters())
      EXPECT_TRUE(parameter.value().grad().defined()) << parameter.key();
    EXPECT_FALSE(decoder->dialects().empty());
  }
}

TEST(Decoders, AutoIsTheOneOfTheEncodersName) {
  EXPECT_EQ(decoder_of_encoder("swin_unetr"), "swin_unetr");
  EXPECT_EQ(decoder_of_encoder("resnet"), "unet");
  EXPECT_EQ(decoder_of_encoder("auto"), "unet");
  const auto encoder = config::choose("dynunet", test::small_dynunet());
  const auto network = network_of(encoder, {.channels = 1, .dims = 2, .size = {16, 16}});
  const auto input = decoder_input(*network, encoder, 2, 1, 2, {16, 16});
  const auto state = nn::state_of(*make_decoder(config::choose("auto"), input));
  EXPECT_TRUE(state.contains("output_block.conv.conv.weight"));
}

TEST(Decoders, InputsSayTheShapesOfStages) {
  const auto encoder = config::choose("dynunet", test::small_dynunet());
  const auto network = network_of(encoder, {.channels = 2, .dims = 3, .size = {8, 9, 12}});
  network->train();
  const DecoderInput input = decoder_input(*network, encoder, 3, 2, 5, {8, 9, 12});
  EXPECT_TRUE(network->is_training());
  EXPECT_EQ(input.outputs, 5);
  EXPECT_EQ(input.channels, 2);
  EXPECT_EQ(&input.encoder, &encoder);
  ASSERT_EQ(input.stages.size(), 4U);
  EXPECT_EQ(input.stages[2].width, 6);
  EXPECT_THAT(input.stages[0].size, ElementsAre(8, 9, 12));
  EXPECT_THAT(input.stages[2].size, ElementsAre(2, 3, 3));
}

TEST(Decoders, ErrorsNameTheRemedy) {
  const auto encoder = config::choose("dynunet", test::small_dynunet());
  const auto network = network_of(encoder, {.channels = 1, .dims = 2, .size = {16, 16}});
  const auto input = decoder_input(*network, encoder, 2, 1, 2, {16, 16});
  PHOTO51_EXPECT_ERROR(make_decoder(config::choose("dynunt"), input), usage,
                       HasSubstr("there is no `dynunt` (did you mean `dynunet`?)"));
  PHOTO51_EXPECT_ERROR(make_decoder(config::choose<SegResNetDecoderOptions>("segresnet"), input), usage,
                       AllOf(HasSubstr("belongs to the encoder `segresnet`"),
                             HasSubstr("the encoder is `dynunet`"), HasSubstr("take `decoder: unet`")));
  const DecoderInput none{.image_size = {16, 16}, .stages = {}, .encoder = encoder};
  PHOTO51_EXPECT_ERROR(make_decoder(config::choose("auto"), none), usage,
                       HasSubstr("the encoder `dynunet` has no stage"));
}

}  // namespace
}  // namespace photo51::backbones

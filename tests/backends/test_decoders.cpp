/// Every decoder behind an encoder, in 2D and 3D.

#include <gmock/gmock.h>

#include <algorithm>

#include "backends/agree.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "support/small_decoders.hpp"

namespace photo51::test {
namespace {

class Outliner : public torch::nn::Module {
 public:
  Outliner(const SmallDecoder& small, const backbones::InputShape& shape) {
    encoder_ = register_module(
        "encoder", backbones::image_encoders().find(small.encoder.name)->network(small.encoder, shape, 0));
    decoder_ = register_module(
        "decoder",
        backbones::make_decoder(small.decoder, backbones::decoder_input(*encoder_, small.encoder, shape.dims,
                                                                        shape.channels, 2, shape.size)));
  }
  Tensors forward(const at::Tensor& image) { return decoder_->forward(encoder_->features(image), image); }

 private:
  std::shared_ptr<backbones::Backbone> encoder_;
  std::shared_ptr<backbones::Decoder> decoder_;
};

std::vector<BackendCase> decoder_cases(const backbones::InputShape& shape) {
  std::vector<BackendCase> cases;
  for (const auto& small : small_decoders()) {
    std::vector<int64_t> sizes{2, shape.channels};
    sizes.insert(sizes.end(), shape.size.begin(), shape.size.end());
    cases.push_back(case_of(
        small.decoder.name, small.encoder.name + " " + small.variant, {sizes},
        [small, shape] { return std::make_shared<Outliner>(small, shape); },
        [](Outliner& outliner, const Tensors& images) { return outliner.forward(images[0]); }));
    cases.back().inputs_of = InputsOf::data;
    cases.back().is_network = true;
  }
  return cases;
}

const backbones::InputShape small_picture{.channels = 3, .dims = 2, .size = {32, 64}};
const backbones::InputShape small_volume{.channels = 1, .dims = 3, .size = {16, 16, 32}};

class DecodersOfPictures : public testing::TestWithParam<BackendCase> {};
TEST_P(DecodersOfPictures, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, DecodersOfPictures, testing::ValuesIn(decoder_cases(small_picture)));

class DecodersOfVolumes : public testing::TestWithParam<BackendCase> {};
TEST_P(DecodersOfVolumes, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, DecodersOfVolumes, testing::ValuesIn(decoder_cases(small_volume)));

TEST(DecoderTable, EachRowHasItsCases) {
  EXPECT_THAT(without_case(config::names_of(backbones::decoders().components()), decoder_cases(small_volume)),
              testing::IsEmpty())
      << "add small ones of these rows of `decoders` to tests/support/small_decoders.hpp";
}

}  // namespace
}  // namespace photo51::test

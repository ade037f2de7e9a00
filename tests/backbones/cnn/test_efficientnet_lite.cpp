#include "photo51/backbones/cnn/efficientnet_lite.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "photo51/nn/init.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

const InputShape picture{.image = true, .channels = 3, .dims = 2, .size = {64, 64}};

TEST(EfficientNetLite, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  int64_t total = 0;
  for (const auto& parameter : make_efficientnet_lite0({}, picture, 1000)->parameters())
    total += parameter.numel();
  EXPECT_EQ(total, 4652008);  // timm's efficientnet_lite0
}

TEST(EfficientNetLite, StagesAreThoseBeforeEachStride) {
  const at::NoGradGuard no_grad;
  for (const ConvPadding padding : {ConvPadding::symmetric, ConvPadding::same}) {
    EfficientNetLiteOptions options;
    options.padding = padding;
    const auto network = make_efficientnet_lite0(options, picture);
    EXPECT_EQ(network->widths(), (std::vector<int64_t>{16, 24, 40, 112, 1280}));
    const auto features = network->features(at::randn({1, 3, 64, 64}));
    std::vector<int64_t> edges;
    for (const auto& stage : features.stages) edges.push_back(stage.size(2));
    EXPECT_EQ(edges, (std::vector<int64_t>{32, 16, 8, 4, 2})) << config::name_of(padding);
  }
}

TEST(EfficientNetLite, TakesNoVolumes) {
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [] {
                                 (*image_encoders().find("efficientnet_lite0"))(
                                     config::choose<EfficientNetLiteOptions>("efficientnet_lite0"),
                                     {.image = true, .channels = 2, .dims = 3, .size = {8, 16, 16}});
                               }),
              ::testing::HasSubstr("takes 2D images"));
}

}  // namespace
}  // namespace photo51::backbones

#include "photo51/backbones/hybrid/coatnet.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>

#include "photo51/backbones/backbone.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

CoAtNetOptions small_coatnet(const std::string& variant = "0_rw") {
  CoAtNetOptions options;
  options.variant = variant;
  options.sizes = {.embed_dim = {8, 16, 16, 24}, .depths = {1, 1, 2, 1}, .stem_width = {4, 8}, .dim_head = 8};
  return options;
}

TEST(CoAtNet, VariantsHaveThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const std::map<std::string, int64_t> published{
      // timm's, with 1000 classes
      {"0_rw", 27435562},       {"1_rw", 41721502},      {"2_rw", 73868400},       {"3_rw", 165173428},
      {"pico_rw", 10851364},    {"nano_rw", 15141244},   {"bn_0_rw", 27435562},    {"rmlp_nano_rw", 15145116},
      {"rmlp_0_rw", 27446074},  {"rmlp_1_rw", 41691982}, {"rmlp_1_rw2", 41724622}, {"rmlp_2_rw", 73881264},
      {"rmlp_3_rw", 165152788}, {"0", 25036820},         {"1", 42225776},          {"2", 74684744},
      {"3", 166966264},         {"4", 275425288},        {"5", 687472008}};
  for (const auto& [variant, parameters] : published) {
    CoAtNetOptions options;
    options.variant = variant;
    int64_t total = 0;
    for (const auto& parameter :
         make_coatnet(options, {.channels = 3, .dims = 2, .size = {224, 224}}, 1000)->parameters())
      total += parameter.numel();
    EXPECT_EQ(total, parameters) << variant;
  }
}

/// In 3D as well.
TEST(CoAtNet, AttendsToTheWholeMapInTheLastStages) {
  const InputShape volume{.channels = 2, .dims = 3, .size = {32, 32, 64}};
  for (const std::string variant : {"0_rw", "rmlp_2_rw", "0"}) {
    const auto network = make_coatnet(small_coatnet(variant), volume);
    network->eval();
    EXPECT_EQ(network->widths(), (std::vector<int64_t>{8, 8, 16, 16, 24}));
    const nn::Capture capture(*network);
    const Features features = network->features(at::randn({2, 2, 32, 32, 64}));
    ASSERT_EQ(features.stages.back().sizes(), (std::vector<int64_t>{2, 24, 1, 1, 2})) << variant;
    features.stages.back().square().sum().backward();
    const at::Tensor attention = capture.activations("stages.2.blocks.1.attn.attention").at(0);
    EXPECT_EQ(attention.sizes(), (std::vector<int64_t>{2, 2, 16, 16})) << variant;
    EXPECT_LE((attention.sum(-1) - 1).abs().max().item<double>(), 1e-5) << variant;
    EXPECT_GT(capture.gradients("stages.2.blocks.1.attn.attention").at(0).abs().sum().item<double>(), 0)
        << variant;
    EXPECT_EQ(capture.activations("stages.3.blocks.0.attn.attention").at(0).size(-1), 2) << variant;
  }
}

/// The table of biases is of one size of map; a perceptron is not.
TEST(CoAtNet, PerceptronsOfPositionsFitEverySize) {
  const auto weights = [](const std::string& variant, int64_t edge) {
    return nn::state_of(
        *make_coatnet(small_coatnet(variant), {.channels = 3, .dims = 2, .size = {edge, edge}}));
  };
  const auto same_shapes = [](const nn::Tensors& a, const nn::Tensors& b) {
    for (const auto& [name, values] : a)
      if (!b.contains(name) || b.at(name).sizes() != values.sizes()) return false;
    return a.size() == b.size();
  };
  EXPECT_TRUE(same_shapes(weights("rmlp_0_rw", 64), weights("rmlp_0_rw", 96)));
  EXPECT_FALSE(same_shapes(weights("0_rw", 64), weights("0_rw", 96)));
}

TEST(CoAtNet, EveryMisuseIsNamed) {
  const auto failure = [](const CoAtNetOptions& options, const std::vector<int64_t>& size) {
    return message_of(core::Fault::usage,
                      [&] { make_coatnet(options, {.channels = 3, .dims = 2, .size = size}); });
  };
  EXPECT_THAT(failure(small_coatnet(), {}), HasSubstr("`coatnet` needs images of one size"));
  EXPECT_THAT(failure(small_coatnet(), {64, 48}), HasSubstr("multiple of 32, not 48"));
  EXPECT_THAT(failure(small_coatnet("0_rv"), {64, 64}), HasSubstr("did you mean `0_rw`"));
  const auto network = make_coatnet(small_coatnet(), {.channels = 3, .dims = 2, .size = {64, 64}});
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           network->features(at::randn({1, 3, 64, 96}));
                         }),
              HasSubstr("takes images of [64, 64] and got [64, 96]"));
}

}  // namespace
}  // namespace photo51::backbones

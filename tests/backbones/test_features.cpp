#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "support/errors.hpp"
#include "support/small_networks.hpp"

namespace photo51::backbones {
namespace {

const InputShape picture{.image = true, .channels = 3, .dims = 2, .size = {32, 64}};

std::shared_ptr<Backbone> built(const test::SmallNetwork& small, int64_t classes = 0) {
  return image_encoders().find(small.choice.name)->network(small.choice, picture, classes);
}

std::vector<std::pair<std::string, std::shared_ptr<Backbone>>> networks(int64_t classes = 0) {
  std::vector<std::pair<std::string, std::shared_ptr<Backbone>>> all;
  for (const auto& small : test::small_networks()) all.emplace_back(small.name, built(small, classes));
  return all;
}

at::Tensor batch() {
  return at::randn({2, 3, 32, 64});
}

TEST(Features, StagesAreFinestFirstAndOfTheirWidths) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, network] : networks()) {
    const Features features = network->features(batch());
    const auto widths = network->widths();
    ASSERT_EQ(features.stages.size(), widths.size()) << name;
    for (size_t i = 0; i < widths.size(); ++i) {
      ASSERT_EQ(features.stages[i].dim(), 4) << name;
      EXPECT_EQ(features.stages[i].size(0), 2) << name;
      EXPECT_EQ(features.stages[i].size(1), widths[i]) << name;
      EXPECT_EQ(features.stages[i].size(3), 2 * features.stages[i].size(2)) << name;
      if (i > 0 && name != "unetr") {  // whose stages are all of the patches
        EXPECT_EQ(2 * features.stages[i].size(2), features.stages[i - 1].size(2)) << name;
      }
    }
    EXPECT_EQ(network->width(), widths.back()) << name;
    EXPECT_EQ(features.prefix.defined(), network->prefix_tokens() > 0) << name;
    if (features.prefix.defined()) {
      EXPECT_EQ(features.prefix.sizes(),
                (std::vector<int64_t>{2, network->prefix_tokens(), network->width()}))
          << name;
    }
  }
}

TEST(Features, PlacesBecomeTokensXFastest) {
  const at::Tensor stage = at::arange(12, at::kFloat).view({1, 2, 2, 3});
  const at::Tensor tokens = place_tokens(stage);
  ASSERT_EQ(tokens.sizes(), (std::vector<int64_t>{1, 6, 2}));
  EXPECT_TRUE(at::equal(tokens[0][1], at::tensor({1.F, 7.F})));
  EXPECT_TRUE(at::equal(tokens[0][3], at::tensor({3.F, 9.F})));
}

/// The middles of patches, in the image's voxels and in the order of the tokens.
TEST(Features, PlacesKnowWhereTheyAre) {
  const at::Tensor flat = place_positions(at::zeros({1, 5, 2, 3}), at::zeros({1, 1, 8, 12}));
  EXPECT_TRUE(at::equal(flat, at::tensor({1.5F, 1.5F, 1.5F, 5.5F, 1.5F, 9.5F,  //
                                          5.5F, 1.5F, 5.5F, 5.5F, 5.5F, 9.5F})
                                  .view({6, 2})));
  const at::Tensor deep = place_positions(at::zeros({1, 5, 2, 1, 2}), at::zeros({1, 1, 4, 1, 3}));
  EXPECT_TRUE(at::equal(deep, at::tensor({0.5F, 0.F, 0.25F, 0.5F, 0.F, 1.75F,  //
                                          2.5F, 0.F, 0.25F, 2.5F, 0.F, 1.75F})
                                  .view({4, 3})));
}

TEST(Backbone, LogitsNeedAClassifier) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, network] : networks(5))
    EXPECT_EQ(network->logits(batch()).sizes(), (std::vector<int64_t>{2, 5})) << name;
  for (const auto& [name, network] : networks())
    EXPECT_THAT(test::message_of(core::Fault::usage, [&, &net = *network] { net.logits(batch()); }),
                ::testing::HasSubstr("built without a classifier"))
        << name;
}

TEST(Backbone, EveryNetworkNamesWhoseWeightsItTakes) {
  for (const auto& [name, network] : networks()) {
    ASSERT_FALSE(network->dialects().empty()) << name;
    // Its own names are kept: nothing of the network is taken for a classifier.
    for (const auto& dialect : network->dialects())
      EXPECT_EQ(nn::translate(nn::state_of(*network), dialect, name).size(), nn::state_of(*network).size())
          << name << " " << dialect.library;
  }
}

/// Explanations and gradients a case need to see what each parameter does.
TEST(Backbone, EveryParameterBelongsToALayer) {
  for (const auto& [name, network] : networks(5))
    EXPECT_THAT(nn::unseen_parameters(*network), ::testing::IsEmpty()) << name;
}

/// What a saliency map of convolutional networks is made of.
TEST(Backbone, StagesAreCapturedWithTheirGradients) {
  for (const auto& small : test::small_networks()) {
    const auto& name = small.name;
    const auto network = built(small);
    const nn::Capture capture(*network);
    Features features = network->features(batch());
    const at::Tensor map = features.stages.back();
    (features.prefix.defined() ? features.prefix : map).square().sum().backward();
    const at::Tensor value = capture.activations(small.last_stage).at(0);
    const at::Tensor gradient = capture.gradients(small.last_stage).at(0);
    ASSERT_TRUE(gradient.defined()) << name;
    if (name == "resnet" || name == "conv_net") {
      EXPECT_TRUE(at::equal(value, map)) << name;
      EXPECT_TRUE(at::equal(gradient, 2 * map)) << name;
    } else {
      EXPECT_GT(gradient.abs().sum().item<float>(), 0) << name;
    }
  }
}

}  // namespace
}  // namespace photo51::backbones

#include "photo51/backbones/cnn/densenet.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/backbones/backbone.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using ::testing::HasSubstr;

const InputShape picture{.image = true, .channels = 3, .dims = 2, .size = {32, 32}};
const DenseNetOptions small{.block_config = {2, 3}, .growth_rate = 4};

TEST(DenseNet, DepthsHaveThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const auto count = [](int64_t depth) {
    int64_t total = 0;
    for (const auto& parameter : make_densenet({.depth = depth}, picture, 1000)->parameters())
      total += parameter.numel();
    return total;
  };
  EXPECT_EQ(count(121), 7978856);  // torchvision's
  EXPECT_EQ(count(161), 28681000);
  EXPECT_EQ(count(169), 14149480);
  EXPECT_EQ(count(201), 20013928);
}

TEST(DenseNet, BlocksAddAndTransitionsHalve) {
  const at::NoGradGuard no_grad;
  const auto network = make_densenet(small, picture);
  EXPECT_EQ(network->widths(), (std::vector<int64_t>{16, 20}));  // 8 + 2 * 4; 16 / 2 + 3 * 4
  const auto features = network->features(at::randn({1, 3, 32, 44}));
  EXPECT_EQ(features.stages.at(0).sizes(), (std::vector<int64_t>{1, 16, 8, 11}));
  EXPECT_EQ(features.stages.at(1).sizes(), (std::vector<int64_t>{1, 20, 4, 5}));
}

/// What was there before a layer is still there behind it.
TEST(DenseNet, KeepsEarlierChannels) {
  const at::NoGradGuard no_grad;
  const auto network = make_densenet(small, picture);
  network->eval();
  const auto state = nn::state_of(*network);
  const at::Tensor x = at::randn({1, 3, 32, 32});
  const at::Tensor stem = at::max_pool2d(
      at::conv2d(x, state.at("features.conv0.weight"), {}, 2, 3).clamp_min(0) / std::sqrt(1 + 1e-5), 3, 2, 1);
  const at::Tensor block = network->features(x).stages.at(0);
  EXPECT_TRUE(at::allclose(block.slice(1, 0, 8), stem, 1e-4, 1e-5));
}

TEST(DenseNet, LayersMayDropWhatTheyAdd) {
  DenseNetOptions options = small;
  options.dropout = 0.5;
  const auto network = make_densenet(options, picture);
  const at::Tensor x = at::randn({2, 3, 32, 32});
  const auto last = [&] { return network->features(x).stages.at(0); };
  EXPECT_FALSE(at::equal(last(), last()));
  network->eval();
  EXPECT_TRUE(at::equal(last(), last()));
}

/// He initialisation by inputs: the convolution of 7 x 7 has 3 * 49 of them.
TEST(DenseNet, BeginsAsThePeersDo) {
  at::manual_seed(3);
  const auto state = nn::state_of(*make_densenet({.block_config = {1}}, picture, 5));
  EXPECT_NEAR(state.at("features.conv0.weight").std().item<double>(), std::sqrt(2.0 / 147), 0.004);
  EXPECT_EQ(state.at("classifier.bias").abs().max().item<double>(), 0);
}

/// The files that torchvision publishes have the names of its version 0.2.
TEST(DenseNet, TakesThePublishedNames) {
  const auto network = make_densenet(small, picture);
  nn::Tensors published;
  for (const auto& [name, values] : nn::state_of(*network)) {
    std::string theirs = name;
    for (const char* part : {"norm", "conv"}) {
      const size_t at = name.find(std::string(".") + part, name.find("denselayer"));
      if (name.find("denselayer") != std::string::npos && at != std::string::npos) theirs.insert(at + 5, ".");
    }
    published[theirs] = values;
  }
  ASSERT_TRUE(published.contains("features.denseblock2.denselayer3.norm.1.running_mean"));
  for (const nn::Dialect& dialect : network->dialects()) {
    if (dialect.library != "torchvision 0.2") continue;
    const nn::Tensors own = nn::translate(published, dialect, "file");
    for (const auto& [name, values] : nn::state_of(*network)) EXPECT_TRUE(own.contains(name)) << name;
    EXPECT_EQ(nn::translate_back(own, dialect).size(), published.size());
    EXPECT_TRUE(nn::translate_back(own, dialect).contains("features.denseblock1.denselayer1.conv.2.weight"));
  }
}

TEST(DenseNet, ImagesMustBeLargeEnough) {
  const auto failure = [](const DenseNetOptions& options, std::vector<int64_t> size) {
    return test::message_of(core::Fault::usage, [&] {
      make_densenet(options, {.channels = 1, .dims = 3, .size = std::move(size)});
    });
  };
  const nn::SkipInit skip;
  EXPECT_THAT(failure({}, {28, 64, 64}),
              HasSubstr("4 blocks needs images of at least 29 voxels along each axis, not 28; change the "
                        "input's `preprocess.size`"));
  // As much is enough.
  const at::NoGradGuard no_grad;
  const auto network = make_densenet({.block_config = {1, 1, 1, 1}, .growth_rate = 2},
                                     {.channels = 1, .dims = 3, .size = {29, 29, 29}});
  EXPECT_EQ(network->features(at::zeros({1, 1, 29, 29, 29})).stages.back().size(2), 1);
}

TEST(DenseNet, ThereIsNoOtherDepth) {
  EXPECT_THAT(test::message_of(core::Fault::usage, [] { make_densenet({.depth = 120}, picture); }),
              HasSubstr("the densenet's `depth` must be 121, 161, 169 or 201, not 120"));
}

}  // namespace
}  // namespace photo51::backbones

#include "photo51/backbones/cnn/resnet.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

const InputShape small_picture{.image = true, .channels = 3, .dims = 2, .size = {32, 32}};

TEST(Resnet, DepthsHaveThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const auto count = [](const ResNetOptions& options) {
    int64_t total = 0;
    for (const auto& parameter : make_resnet(options, small_picture, 1000)->parameters())
      total += parameter.numel();
    return total;
  };
  ResNetOptions options;
  EXPECT_EQ(count(options), 11689512);
  options.depth = 34;
  EXPECT_EQ(count(options), 21797672);
  options.depth = 50;
  EXPECT_EQ(count(options), 25557032);
  options.depth = 101;
  EXPECT_EQ(count(options), 44549160);
  options.depth = 152;
  EXPECT_EQ(count(options), 60192808);
  options.depth = 200;
  EXPECT_EQ(count(options), 64673832);  // MONAI's with 3 channels in 2D
}

TEST(Resnet, ThereIsNoOtherDepth) {
  ResNetOptions options;
  options.depth = 20;
  EXPECT_THAT(
      test::message_of(core::Fault::usage, [&] { make_resnet(options, small_picture); }),
      ::testing::HasSubstr("the resnet's `depth` must be 10, 18, 26, 34, 50, 101, 152 or 200, not 20"));
}

TEST(Resnet, EveryOptionMakesANetwork) {
  const at::NoGradGuard no_grad;
  for (const ResNetStem stem : {ResNetStem::standard, ResNetStem::small, ResNetStem::deep})
    for (const ResNetShortcut shortcut :
         {ResNetShortcut::projection, ResNetShortcut::average, ResNetShortcut::padding})
      for (const ResNetStyle style : {ResNetStyle::pytorch, ResNetStyle::caffe})
        for (const ResNetAttention attention :
             {ResNetAttention::none, ResNetAttention::se, ResNetAttention::cbam})
          for (const int64_t dims : {2, 3}) {
            const ResNetOptions options{.depth = 26,
                                        .width = 2,
                                        .stem = stem,
                                        .style = style,
                                        .shortcut = shortcut,
                                        .attention = attention,
                                        .non_local = true};
            const auto network = make_resnet(options, {.channels = 1, .dims = dims, .size = {}}, 3);
            network->eval();
            std::vector<int64_t> sizes{1, 1, 35, 33, 9};  // odd, so that rounding must agree
            sizes.resize(static_cast<size_t>(dims + 2));
            EXPECT_EQ(network->logits(at::randn(sizes)).sizes(), (std::vector<int64_t>{1, 3}));
            EXPECT_THAT(nn::unseen_parameters(*network), ::testing::IsEmpty());
          }
}

/// Two in the second stage and three in the third, as far as there are blocks.
TEST(Resnet, NonLocalBlocksLieEvenly) {
  const nn::SkipInit skip;
  const auto places = [](int64_t depth) {
    ResNetOptions options;
    options.depth = depth;
    options.width = 2;
    options.non_local = true;
    std::vector<std::string> found;
    for (const auto& [name, values] : nn::state_of(*make_resnet(options, small_picture)))
      if (name.ends_with(".t.weight")) found.push_back(name.substr(0, name.size() - 9));
    return found;
  };
  using ::testing::UnorderedElementsAre;
  EXPECT_THAT(places(18), UnorderedElementsAre("layer2.non_local0", "layer2.non_local1", "layer3.non_local0",
                                               "layer3.non_local1"));
  EXPECT_THAT(places(50), UnorderedElementsAre("layer2.non_local1", "layer2.non_local3", "layer3.non_local1",
                                               "layer3.non_local3", "layer3.non_local5"));
  EXPECT_THAT(places(101), UnorderedElementsAre("layer2.non_local1", "layer2.non_local3", "layer3.non_local6",
                                                "layer3.non_local13", "layer3.non_local20"));
}

/// Their norms begin at 0, so that a pretrained network can be given them.
TEST(Resnet, NonLocalBlocksChangeNothingAtFirst) {
  const at::NoGradGuard no_grad;
  ResNetOptions options;
  options.width = 4;
  const auto plain = make_resnet(options, small_picture);
  options.non_local = true;
  const auto attentive = make_resnet(options, small_picture);
  nn::load_state(*attentive, nn::state_of(*plain), "plain", {.strict = false});
  plain->eval();
  attentive->eval();
  const at::Tensor x = at::randn({1, 3, 32, 32});
  EXPECT_TRUE(at::equal(attentive->features(x).stages.back(), plain->features(x).stages.back()));
}

/// Of a network whose branches give 0 the shortcuts remain: every second place and channels of zeros.
TEST(Resnet, PaddedShortcutsTakeEverySecondPlace) {
  const at::NoGradGuard no_grad;
  ResNetOptions options;
  options.depth = 10;
  options.width = 2;
  options.stem = ResNetStem::small;
  options.stem_stride = 1;
  options.shortcut = ResNetShortcut::padding;
  const auto network = make_resnet(options, small_picture);
  network->eval();
  const auto state = nn::state_of(*network);
  EXPECT_FALSE(state.contains("layer2.0.downsample.0.weight"));
  for (const auto& [name, values] : state)
    if (name.ends_with("bn2.weight")) values.zero_();
  const auto stages = network->features(at::randn({1, 3, 9, 8})).stages;
  EXPECT_TRUE(at::equal(stages[1].slice(1, 0, 2), stages[0].slice(2, 0, 9, 2).slice(3, 0, 8, 2)));
  EXPECT_EQ(stages[1].slice(1, 2).abs().max().item<float>(), 0);
}

/// With all but certain loss of the last blocks a training pass differs from one without.
TEST(Resnet, DropPathGrowsWithTheDepth) {
  at::manual_seed(3);
  ResNetOptions options;
  options.width = 4;
  options.norm = "group";  // whose values are the same in training
  options.drop_path = 0.99;
  const auto network = make_resnet(options, small_picture);
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, 3, 32, 32});
  const auto last = [&] { return network->features(x).stages; };
  const auto trained = last();
  network->eval();
  const auto predicted = last();
  EXPECT_FALSE(at::allclose(trained.back(), predicted.back()));
  EXPECT_TRUE(at::equal(last().back(), predicted.back()));
  std::map<std::string, bool> has;
  for (const auto& module : network->named_modules()) has[module.key()] = true;
  EXPECT_FALSE(has["layer1.0.drop_path"]);  // the first has a rate of 0
  EXPECT_TRUE(has["layer1.1.drop_path"]);
}

/// What MONAI keeps as matrices are convolutions of 1 x 1 here.
TEST(Resnet, MatricesOfMonaisSqueezeAndExcitation) {
  ResNetOptions options;
  options.depth = 50;
  options.width = 2;
  options.style = ResNetStyle::caffe;
  options.attention = ResNetAttention::se;
  for (const int64_t dims : {2, 3}) {
    const auto network = make_resnet(options, {.channels = 1, .dims = dims, .size = {}});
    for (const nn::Dialect& dialect : network->dialects()) {
      if (dialect.library != "MONAI SEResNet") continue;
      const nn::Tensors own = nn::state_of(*network), theirs = nn::translate_back(own, dialect);
      EXPECT_EQ(theirs.at("layer4.2.se_layer.fc.0.weight").sizes(), (std::vector<int64_t>{8, 64}));
      for (const auto& [name, values] : nn::translate(theirs, dialect, "file"))
        EXPECT_TRUE(at::equal(values, own.at(name))) << name;
      // Of another shape it is left for the error about shapes.
      const nn::Tensors odd =
          nn::translate({{"layer4.2.se_layer.fc.0.weight", at::ones({8})}}, dialect, "file");
      EXPECT_EQ(odd.at("layer4.2.se.fc1.weight").dim(), 1);
    }
  }
}

TEST(Resnet, StemsSayHowMuchSmallerTheStagesAre) {
  const at::NoGradGuard no_grad;
  const auto edges = [](const ResNetOptions& options) {
    std::vector<int64_t> found;
    for (const auto& stage : make_resnet(options, small_picture)->features(at::randn({1, 3, 64, 64})).stages)
      found.push_back(stage.size(2));
    return found;
  };
  ResNetOptions options;
  options.width = 4;
  EXPECT_EQ(edges(options), (std::vector<int64_t>{16, 8, 4, 2}));
  options.stem = ResNetStem::small;
  options.stem_stride = 1;
  EXPECT_EQ(edges(options), (std::vector<int64_t>{64, 32, 16, 8}));
}

TEST(Resnet, StagesDoubleTheirWidth) {
  ResNetOptions options;
  options.width = 4;
  EXPECT_EQ(make_resnet(options, small_picture)->widths(), (std::vector<int64_t>{4, 8, 16, 32}));
  options.depth = 50;
  EXPECT_EQ(make_resnet(options, small_picture)->widths(), (std::vector<int64_t>{16, 32, 64, 128}));
}

}  // namespace
}  // namespace photo51::backbones

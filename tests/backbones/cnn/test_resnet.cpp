#include "photo51/backbones/cnn/resnet.hpp"

#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/nn/init.hpp"

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

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/config/validate.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/detection/detection_head.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using testing::HasSubstr;

DetectionOptions small_options() {
  DetectionOptions options;
  options.pyramid.channels = 8;
  options.anchors = {.sizes = {4, 8}, .scales = {1, 1.5}};
  options.convolutions = 1;
  return options;
}

backbones::Features stages_of(int64_t dims) {
  backbones::Features found;
  found.stages = dims == 2 ? std::vector{at::randn({2, 3, 8, 12}), at::randn({2, 5, 4, 6})}
                           : std::vector{at::randn({2, 3, 4, 8, 12}), at::randn({2, 5, 2, 4, 6})};
  return found;
}

TEST(FeaturePyramid, AddsTheCoarserLevelsToTheFiner) {
  PyramidOptions options{.channels = 2};
  FeaturePyramid pyramid(options, {.dims = 2, .widths = {1, 1}});
  // Laterals of ones; the 3 x 3 convolutions pass their middle on.
  const at::NoGradGuard no_grad;
  for (auto& [name, values] : nn::state_of(pyramid)) {
    values.zero_();
    if (name == "inner_blocks.0.0.weight" || name == "inner_blocks.1.0.weight") values.fill_(1);
    if (name == "layer_blocks.0.0.weight" || name == "layer_blocks.1.0.weight")
      for (int64_t c = 0; c < 2; ++c) values[c][c][1][1] = 1;
  }
  backbones::Features found;
  found.stages = {at::full({1, 1, 3, 4}, 10.F), at::tensor({1.F, 2.F, 3.F, 4.F}).view({1, 1, 2, 2})};
  const auto levels = pyramid.forward(found);
  ASSERT_EQ(levels.size(), 2U);
  EXPECT_TRUE(at::equal(levels[0][0][1], at::tensor({11.F, 11.F, 12.F, 12.F,  //
                                                     11.F, 11.F, 12.F, 12.F,  //
                                                     13.F, 13.F, 14.F, 14.F})
                                             .view({3, 4})))
      << "three places take the nearest of two";
  EXPECT_TRUE(at::equal(levels[1][0][0], found.stages[1][0][0]));
}

TEST(FeaturePyramid, TakesTheAskedStagesAndAddsLevels) {
  const auto sizes = [](const PyramidOptions& options) {
    FeaturePyramid pyramid(options, {.dims = 2, .widths = {3, 5}});
    std::vector<int64_t> rows;
    for (const at::Tensor& level : pyramid.forward(stages_of(2))) {
      EXPECT_EQ(level.size(1), 6);
      rows.push_back(level.size(2));
    }
    EXPECT_EQ(rows.size(), pyramid.levels());
    return rows;
  };
  EXPECT_THAT(sizes({.channels = 6}), testing::ElementsAre(8, 4));
  EXPECT_THAT(sizes({.channels = 6, .stages = {1}}), testing::ElementsAre(4));
  EXPECT_THAT(sizes({.channels = 6, .extra = ExtraLevels::max_pool}), testing::ElementsAre(8, 4, 2));
  EXPECT_THAT(sizes({.channels = 6, .extra = ExtraLevels::convs}), testing::ElementsAre(8, 4, 2, 1));
  EXPECT_THAT(sizes({.channels = 6, .extra = ExtraLevels::convs_of_stage}), testing::ElementsAre(8, 4, 2, 1));
}

TEST(FeaturePyramid, RefusesStagesThatThereAreNot) {
  using Shape = FeaturePyramid::Shape;
  PHOTO51_EXPECT_ERROR(FeaturePyramid({}, Shape{.dims = 2}), usage, HasSubstr("no stages"));
  const Shape two{.dims = 2, .widths = {3, 5}};
  for (const std::vector<int64_t>& stages : {std::vector<int64_t>{2}, {1, 0}, {-1}})
    PHOTO51_EXPECT_ERROR(FeaturePyramid({.stages = stages}, two), usage, HasSubstr("stages 0 to 1"));
  FeaturePyramid pyramid({.channels = 4}, Shape{.dims = 2, .widths = {3, 5, 7}});
  PHOTO51_EXPECT_ERROR(pyramid.forward(stages_of(2)), usage, HasSubstr("stage 2 of a network that yields 2"));
}

TEST(DetectionHead, SaysSomethingOfEachAnchor) {
  for (const int64_t dims : {2, 3}) {
    at::manual_seed(4);
    DetectionHead head(small_options(), {.dims = dims, .widths = {3, 5}, .classes = 3});
    const std::vector<int64_t> size =
        dims == 2 ? std::vector<int64_t>{16, 24} : std::vector<int64_t>{8, 16, 24};
    const DetectionOutputs said = head.forward(stages_of(dims), size);
    const int64_t places = dims == 2 ? 8 * 12 + 4 * 6 : 4 * 8 * 12 + 2 * 4 * 6;
    EXPECT_EQ(said.logits.sizes(), (at::IntArrayRef{2, 2 * places, 3}));
    EXPECT_EQ(said.deltas.sizes(), (at::IntArrayRef{2, 2 * places, 2 * dims}));
    EXPECT_EQ(said.anchors.boxes.sizes(), (at::IntArrayRef{2 * places, 2 * dims}));
    // At first every anchor has about the score that was asked for.
    EXPECT_NEAR(said.logits.sigmoid().mean().item<double>(), 0.01, 0.002);
    EXPECT_TRUE(head.detect(said, size)[1].boxes.size(0) == 0);
  }
}

/// One place of the finest level speaks up, of the second scale and last class: its anchor is detected.
TEST(DetectionHead, KeepsPlacesAnchorsAndClassesTogether) {
  for (const int64_t dims : {2, 3}) {
    DetectionOptions options = small_options();
    options.convolutions = 0;
    options.pyramid.stages = {0};
    options.anchors = {.sizes = {4}, .scales = {1, 1.5}};
    DetectionHead head(options, {.dims = dims, .widths = {3}, .classes = 3});
    backbones::Features found;
    const std::vector<int64_t> grid =
        dims == 2 ? std::vector<int64_t>{8, 12} : std::vector<int64_t>{4, 8, 12};
    std::vector<int64_t> sizes{1, 3};
    sizes.insert(sizes.end(), grid.begin(), grid.end());
    found.stages = {at::zeros(sizes)};
    const at::NoGradGuard no_grad;
    for (auto& [name, values] : nn::state_of(head)) {
      values.zero_();
      if (name == "classification_head.cls_logits.bias") values.fill_(-9);
      at::Tensor middle = values;  // of the kernel, where there is one
      while (middle.dim() > 2) middle = middle.select(2, middle.size(2) / 2);
      if (name == "fpn.inner_blocks.0.0.weight" || name == "fpn.layer_blocks.0.0.weight") middle[0][0] = 1;
      if (name == "classification_head.cls_logits.weight") middle[1 * 3 + 2][0] = 20;
      if (name == "regression_head.bbox_reg.weight") middle[1 * 2 * dims + dims - 1][0] = 0.5;  // along x
    }
    at::Tensor place = found.stages[0][0][0];
    if (dims == 3) place = place[2];
    place[5][7] = 1;
    std::vector<int64_t> size;
    for (const int64_t places : grid) size.push_back(2 * places);
    const auto detected = head.detect(head.forward(found, size), size);
    ASSERT_EQ(detected.size(), 1U);
    ASSERT_EQ(detected[0].boxes.size(0), 1);
    EXPECT_EQ(detected[0].labels.item<int64_t>(), 2);
    // Edge 6 about ((5,) 11, 15), moved by half an edge along x.
    const std::vector<float> expected =
        dims == 2 ? std::vector<float>{8, 15, 14, 21} : std::vector<float>{2, 8, 15, 8, 14, 21};
    EXPECT_TRUE(at::allclose(detected[0].boxes[0], at::tensor(expected))) << detected[0].boxes;
  }
}

/// A few steps teach it one lesion in each image but the healthy one.
TEST(DetectionHead, LearnsWhereALesionIs) {
  at::manual_seed(7);
  DetectionOptions options = small_options();
  options.pyramid.channels = 16;
  options.anchors = {.sizes = {4, 8}};
  DetectionHead head(options, {.dims = 2, .widths = {1, 1}});
  backbones::Features found;
  const at::Tensor image = at::zeros({3, 1, 32, 32});
  image[0].slice(1, 6, 12).slice(2, 18, 24).fill_(1);
  image[1].slice(1, 20, 26).slice(2, 4, 10).fill_(1);
  found.stages = {at::avg_pool2d(image, {2, 2}), at::avg_pool2d(image, {4, 4})};
  const std::vector<BoxTargets> targets{
      {at::tensor({6.F, 18.F, 12.F, 24.F}).view({1, 4}), at::zeros({1}, at::kLong)},
      {at::tensor({20.F, 4.F, 26.F, 10.F}).view({1, 4}), at::zeros({1}, at::kLong)},
      {at::zeros({0, 4}), at::zeros({0}, at::kLong)}};
  const auto parameters = head.parameters();
  std::vector<at::Tensor> first, second;  // moments, as Adam has them
  for (const at::Tensor& values : parameters) {
    first.push_back(at::zeros_like(values));
    second.push_back(at::zeros_like(values));
  }
  double begin = 0, end = 0;
  for (int step = 1; step <= 60; ++step) {
    head.zero_grad();
    const at::Tensor loss = head.loss(head.forward(found, {32, 32}), targets).total();
    loss.backward();
    (step == 1 ? begin : end) = loss.item<double>();
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const at::Tensor& gradient = parameters[i].grad();
      if (!gradient.defined()) continue;
      first[i].mul_(0.9).add_(gradient, 0.1);
      second[i].mul_(0.999).add_(gradient.square(), 0.001);
      const at::Tensor scale = (second[i] / (1 - std::pow(0.999, step))).sqrt().add_(1e-8);
      parameters[i].add_(first[i] / (1 - std::pow(0.9, step)) / scale, -0.01);
    }
  }
  EXPECT_LT(end, 0.3 * begin);
  const auto detected = head.detect(head.forward(found, {32, 32}), {32, 32});
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_GT(detected[i].boxes.size(0), 0) << i;
    EXPECT_LT((detected[i].boxes[0] - targets[i].boxes[0]).abs().max().item<double>(), 2)
        << detected[i].boxes;
  }
  if (detected[2].scores.size(0) > 0) {
    EXPECT_LT(detected[2].scores[0].item<double>(), 0.5 * detected[0].scores[0].item<double>());
  }
}

TEST(DetectionHead, RefusesWhatDoesNotFit) {
  const auto made = [](const DetectionOptions& options, const DetectionHead::Shape& shape) {
    DetectionHead(options, shape);
  };
  const DetectionHead::Shape two{.dims = 2, .widths = {3, 5}};
  DetectionOptions options = small_options();
  PHOTO51_EXPECT_ERROR(made(options, {.dims = 1, .widths = {3, 5}}), usage, HasSubstr("2 or 3 axes, not 1"));
  PHOTO51_EXPECT_ERROR(made(options, {.dims = 2, .widths = {3, 5}, .classes = 0}), usage,
                       HasSubstr("at least one class"));
  options.anchors.sizes = {4};
  PHOTO51_EXPECT_ERROR(made(options, two), usage, HasSubstr("anchors.sizes: 1 for 2 levels"));
  options = small_options();
  options.coding.weights = {1, 1, 1};
  PHOTO51_EXPECT_ERROR(made(options, two), usage, HasSubstr("coding.weights: 3 numbers for boxes of 4"));
  options = small_options();
  options.norm = "groop";
  PHOTO51_EXPECT_ERROR(made(options, two), usage, HasSubstr("groop"));
}

TEST(DetectionOptions, AreHeldToTheirLimits) {
  const auto message = [](const std::function<void(DetectionOptions&)>& change) {
    DetectionOptions options;
    change(options);
    return test::message_of(core::Fault::usage, [&] { config::validate(options, "detection"); });
  };
  EXPECT_THAT(message([](auto& o) { o.anchors.sizes = {}; }), HasSubstr("sizes"));
  EXPECT_THAT(message([](auto& o) { o.anchors.sizes = {4, 0}; }), HasSubstr("all above 0"));
  EXPECT_THAT(message([](auto& o) { o.anchors.scales = {-1}; }), HasSubstr("scales"));
  EXPECT_THAT(message([](auto& o) { o.anchors.aspect_ratios = {0}; }), HasSubstr("aspect_ratios"));
  EXPECT_THAT(message([](auto& o) { o.coding.weights = {0, 1, 1, 1}; }), HasSubstr("weights"));
  EXPECT_THAT(message([](auto& o) { o.pyramid.stages = {1, 1}; }), HasSubstr("must ascend"));
  EXPECT_THAT(message([](auto& o) { o.matcher.low = 0.6; }), HasSubstr("must not exceed `high`"));
  EXPECT_THAT(message([](auto& o) { o.loss.classes = ClassLoss::cross_entropy; }),
              HasSubstr("hard_negatives"));
  EXPECT_THAT(message([](auto& o) { o.loss.hard_negatives.emplace(); }), HasSubstr("hard_negatives"));
  EXPECT_THAT(message([](auto& o) { o.loss.beta = 0; }), HasSubstr("above 0"));
  EXPECT_THAT(message([](auto& o) {
                o.loss.classes = ClassLoss::cross_entropy;
                o.loss.hard_negatives = HardNegativeOptions{.positive_fraction = 0};
              }),
              HasSubstr("positive_fraction"));
  EXPECT_THAT(message([](auto& o) { o.prior = 1; }), HasSubstr("below 1"));
  EXPECT_THAT(message([](auto& o) { o.norm = "groop"; }), HasSubstr("groop"));
  DetectionOptions sound;
  config::validate(sound, "detection");
}

}  // namespace
}  // namespace photo51::radiogenomics

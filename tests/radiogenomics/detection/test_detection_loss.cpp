#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>
#include <limits>
#include <set>

#include "photo51/radiogenomics/detection/detection_loss.hpp"
#include "photo51/radiogenomics/detection/hard_negatives.hpp"
#include "photo51/radiogenomics/detection/losses.hpp"
#include "photo51/radiogenomics/detection/matching.hpp"
#include "support/errors.hpp"
#include "support/gradient.hpp"

namespace photo51::radiogenomics {
namespace {

using testing::HasSubstr;

TEST(FocalLoss, IsTheFormula) {
  // Scores of 1/2: 0.25 * 0.25 * log 2 where the class is there, 0.75 * 0.25 * log 2 where it is not.
  const at::Tensor loss = sigmoid_focal_loss(at::zeros({2}), at::tensor({1.F, 0.F}));
  EXPECT_NEAR(loss[0].item<double>(), 0.0625 * std::log(2.0), 1e-7);
  EXPECT_NEAR(loss[1].item<double>(), 0.1875 * std::log(2.0), 1e-7);
  const at::Tensor far = sigmoid_focal_loss(at::tensor({200.F, -200.F}), at::tensor({0.F, 1.F}));
  EXPECT_NEAR(far[0].item<double>(), 150, 1e-3);
  EXPECT_NEAR(far[1].item<double>(), 50, 1e-3);
  test::expect_gradient(
      [](const at::Tensor& logits) {
        return sigmoid_focal_loss(logits, at::tensor({1.0, 0.0, 1.0}), 0.3, 1.5).sum();
      },
      at::tensor({0.4, -1.0, 2.0}));
}

TEST(BoxLosses, AreTheHandComputedValues) {
  // The deltas ask for nothing; the box is the anchor shifted by a quarter of its edge along x.
  const at::Tensor anchor = at::tensor({0.0, 0.0, 4.0, 4.0}).view({1, 4});
  const at::Tensor box = at::tensor({0.0, 1.0, 4.0, 5.0}).view({1, 4}),
                   deltas = at::zeros({1, 4}, at::kDouble);
  const auto loss = [&](BoxLoss kind, double beta) {
    return box_loss(deltas, anchor, box, {.boxes = kind, .beta = beta}, {}).item<double>();
  };
  EXPECT_NEAR(loss(BoxLoss::l1, 1), 0.25, 1e-12);
  EXPECT_NEAR(loss(BoxLoss::smooth_l1, 1), 0.5 * 0.0625, 1e-12);
  EXPECT_NEAR(loss(BoxLoss::smooth_l1, 0.1), 0.25 - 0.05, 1e-12);
  EXPECT_NEAR(loss(BoxLoss::giou, 1), 1 - 12.0 / 20, 1e-12);
  for (const BoxLoss kind : {BoxLoss::smooth_l1, BoxLoss::giou})
    test::expect_gradient(
        [&](const at::Tensor& said) {
          return box_loss(said, anchor, box, {.boxes = kind}, {.weights = {2, 2, 1, 1}});
        },
        at::tensor({0.1, -0.3, 0.2, 0.4}).view({1, 4}));
  EXPECT_EQ(box_loss(at::zeros({0, 4}), at::zeros({0, 4}), at::zeros({0, 4}), {}, {}).item<float>(), 0);
}

/// Two anchors of which the first is the box of the first image; the second image is healthy.
struct SmallBatch {
  DetectionOptions options;
  DetectionOutputs outputs;
  std::vector<BoxTargets> targets;

  SmallBatch() {
    options.anchors.sizes = {4};
    options.matcher.kind = BoxMatcher::iou;
    options.loss.boxes = BoxLoss::l1;
    outputs.anchors = make_anchors(options.anchors, {{1, 2}}, {4, 8});
    outputs.logits = at::zeros({2, 2, 2});
    outputs.deltas = at::full({2, 2, 4}, 0.5F);
    targets = {{at::tensor({0.F, 0.F, 4.F, 4.F}).view({1, 4}), at::tensor({1}, at::kLong)},
               {at::zeros({0, 4}), at::zeros({0}, at::kLong)}};
  }
};

TEST(DetectionLoss, IsTheMeanOverImages) {
  SmallBatch batch;
  batch.outputs.logits.requires_grad_();
  const DetectionLosses losses = detection_loss(batch.outputs, batch.targets, batch.options);
  // The first image: one class there, three not; the second, healthy: four not, over 1.
  const double unit = 0.0625 * std::log(2.0);
  EXPECT_NEAR(losses.classes.item<double>(), ((1 + 3 * 3) * unit + 4 * 3 * unit) / 2, 1e-6);
  EXPECT_NEAR(losses.boxes.item<double>(), 4 * 0.5 / 2, 1e-6);
  EXPECT_NEAR(losses.total().item<double>(), (losses.classes + losses.boxes).item<double>(), 1e-7);
  losses.classes.backward();
  EXPECT_LT(batch.outputs.logits.grad()[0][0][1].item<float>(), 0) << "the lesion's score has to rise";
  EXPECT_GT(batch.outputs.logits.grad()[1][0][1].item<float>(), 0);
}

TEST(DetectionLoss, LeavesOutAnchorsThatLearnNothing) {
  SmallBatch batch;
  // The box lies on both anchors: each overlaps it by 2 / 6, between the thresholds.
  batch.targets[0].boxes = at::tensor({0.F, 2.F, 4.F, 6.F}).view({1, 4});
  batch.options.matcher = {.kind = BoxMatcher::iou, .high = 0.5, .low = 0.3, .low_quality = false};
  const DetectionLosses losses = detection_loss(batch.outputs, batch.targets, batch.options);
  EXPECT_NEAR(losses.classes.item<double>(), 4 * 3 * 0.0625 * std::log(2.0) / 2, 1e-6);
  EXPECT_EQ(losses.boxes.item<double>(), 0);
}

TEST(DetectionLoss, OfSampledAnchorsIsTheirCrossEntropy) {
  SmallBatch batch;
  batch.options.loss.classes = ClassLoss::cross_entropy;
  batch.options.loss.hard_negatives = HardNegativeOptions{.anchors = 2, .positive_fraction = 0.5, .pool = 1};
  batch.outputs.logits = batch.outputs.logits.clone();
  batch.outputs.logits[1][1] = 3;  // the hardest of the healthy image
  const DetectionLosses losses = detection_loss(batch.outputs, batch.targets, batch.options);
  // Of the first image both anchors, of the second the one: 4 times log 2 and twice log(1 + e^3).
  EXPECT_NEAR(losses.classes.item<double>(), (4 * std::log(2.0) + 2 * std::log(1 + std::exp(3.0))) / 6, 1e-6);
}

TEST(DetectionLoss, NamesWhatIsWrongWithABox) {
  SmallBatch batch;
  const auto says = [&](const BoxTargets& target, const std::string& text) {
    std::vector<BoxTargets> targets = batch.targets;
    targets[1] = target;
    PHOTO51_EXPECT_ERROR(detection_loss(batch.outputs, targets, batch.options), data,
                         testing::AllOf(HasSubstr("image 1: "), HasSubstr(text)));
  };
  const at::Tensor one = at::tensor({0.F, 0.F, 4.F, 4.F}).view({1, 4}), label = at::tensor({0}, at::kLong);
  says({at::zeros({1, 6}), label}, "boxes are floating [N, 4]");
  says({one, at::zeros({2}, at::kLong)}, "with a label for each");
  says({at::tensor({0.F, 3.F, 4.F, 3.F}).view({1, 4}), label}, "box 0: has no extent along an axis");
  says({at::cat({one, one * std::numeric_limits<float>::infinity()}), at::zeros({2}, at::kLong)},
       "box 1: a corner is not a finite number");
  says({one, at::tensor({2}, at::kLong)}, "box 0: label 2 is not in 0..1");
  PHOTO51_EXPECT_ERROR(detection_loss(batch.outputs, {}, batch.options), usage,
                       HasSubstr("boxes of 0 images"));
}

TEST(HardNegatives, AreThoseOfTheHighestScores) {
  const at::Tensor matches = at::tensor({-1, 0, -1, -2, -1, 0, -1}, at::kLong);
  const at::Tensor scores = at::tensor({0.1F, 0.F, 0.9F, 1.F, 0.5F, 0.F, 0.5F});
  core::Random random({1});
  const auto sampled = [&](const HardNegativeOptions& options) {
    const at::Tensor rows = sample_hard_negatives(matches, scores, options, random);
    return std::vector<int64_t>(rows.const_data_ptr<int64_t>(),
                                rows.const_data_ptr<int64_t>() + rows.numel());
  };
  EXPECT_THAT(sampled({.anchors = 4, .positive_fraction = 0.5, .pool = 1}), testing::ElementsAre(1, 2, 4, 5))
      << "of equal scores the first";
  EXPECT_THAT(sampled({.anchors = 100, .positive_fraction = 0.5, .least_negatives = 50}),
              testing::ElementsAre(0, 1, 2, 4, 5, 6))
      << "no more than there are, and none that learns nothing";
  // One positive at random, and one negative of a pool of two.
  std::set<std::vector<int64_t>> seen;
  for (int k = 0; k < 100; ++k) seen.insert(sampled({.anchors = 2, .positive_fraction = 0.5, .pool = 2}));
  EXPECT_THAT(seen, testing::UnorderedElementsAre(testing::ElementsAre(1, 2), testing::ElementsAre(1, 4),
                                                  testing::ElementsAre(2, 5), testing::ElementsAre(4, 5)));
  core::Random healthy({2});
  EXPECT_EQ(sample_hard_negatives(at::full({9}, match_none), at::rand({9}),
                                  {.positive_fraction = 0.25, .pool = 1}, healthy)
                .size(0),
            3)
      << "one at least counts as positive";
}

}  // namespace
}  // namespace photo51::radiogenomics

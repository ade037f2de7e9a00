#include <gtest/gtest.h>

#include <cmath>

#include "photo51/evaluation/segmentation.hpp"
#include "support/errors.hpp"

namespace photo51::evaluation {
namespace {

using ::testing::HasSubstr;

const std::vector<double> kPlane{2, 1};

TEST(Overlap, OfKnownMasks) {
  const at::Tensor predicted = at::tensor({1, 1, 1, 0, 0, 0}, at::kLong).view({2, 3});
  const at::Tensor truth = at::tensor({0, 1, 1, 1, 1, 0}, at::kLong).view({2, 3}).to(at::kBool);
  const Overlap overlap = overlap_of(predicted, truth);
  EXPECT_EQ(overlap.both, 2);
  EXPECT_DOUBLE_EQ(dice(overlap), 4.0 / 7);
  EXPECT_DOUBLE_EQ(iou(overlap), 2.0 / 5);
  EXPECT_DOUBLE_EQ(sensitivity(overlap), 0.5);
  EXPECT_DOUBLE_EQ(precision(overlap), 2.0 / 3);
}

TEST(Overlap, OfEmptyMasks) {
  const Overlap neither{}, missed{.both = 0, .predicted = 0, .truth = 4},
      invented{.both = 0, .predicted = 4, .truth = 0};
  for (const auto metric : {dice, iou}) {
    EXPECT_TRUE(std::isnan(metric(neither)));
    EXPECT_EQ(metric(missed), 0);
    EXPECT_EQ(metric(invented), 0);
  }
  EXPECT_EQ(sensitivity(missed), 0);
  EXPECT_TRUE(std::isnan(sensitivity(invented)));
  EXPECT_TRUE(std::isnan(precision(missed)));
  EXPECT_EQ(precision(invented), 0);
}

TEST(MaskScores, HoldVolumesOfTheSpacing) {
  at::Tensor predicted = at::zeros({8, 8}, at::kBool), truth = predicted.clone();
  truth.slice(0, 2, 5).slice(1, 2, 6) = true;      // 3 x 4 pixels of 2 mm²
  predicted.slice(0, 2, 5).slice(1, 3, 6) = true;  // 3 x 3
  const MaskScores scores = mask_scores(predicted, truth, kPlane, 0.5);
  EXPECT_DOUBLE_EQ(scores.true_volume, 24);
  EXPECT_DOUBLE_EQ(scores.predicted_volume, 18);
  EXPECT_DOUBLE_EQ(scores.volume_difference, -0.25);
  EXPECT_DOUBLE_EQ(scores.dice, 18.0 / 21);
  EXPECT_DOUBLE_EQ(scores.hd95, 1);
  const MaskScores missed = mask_scores(at::zeros_like(truth), truth, kPlane, 0.5);
  EXPECT_EQ(missed.dice, 0);
  EXPECT_EQ(missed.nsd, 0);
  EXPECT_TRUE(std::isinf(missed.hd95));
  EXPECT_EQ(missed.volume_difference, -1);
  EXPECT_TRUE(std::isnan(mask_scores(truth, at::zeros_like(truth), kPlane, 0.5).volume_difference));
}

TEST(ClassScores, LeaveOutPlacesThatAreNotKnown) {
  const at::Tensor truth = at::tensor({0, 1, 2, -1, -1, 1, 2, 2, 0}, at::kLong).view({3, 3});
  const at::Tensor predicted = at::tensor({0, 1, 1, 1, 2, 1, 2, 2, 0}, at::kLong).view({3, 3});
  const auto scores = class_scores(predicted, truth, 3, kPlane, 1);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_DOUBLE_EQ(scores[0].dice, 4.0 / 5);
  EXPECT_DOUBLE_EQ(scores[1].dice, 4.0 / 5);
  EXPECT_DOUBLE_EQ(scores[0].sensitivity, 1);
  EXPECT_DOUBLE_EQ(scores[1].precision, 1);
  EXPECT_TRUE(std::isnan(class_scores(truth.clamp(0, 1), truth.clamp(0, 1), 3, kPlane, 1)[1].dice));
}

TEST(MaskScores, RefuseWhatDoesNotFit) {
  const at::Tensor mask = at::ones({4, 4}, at::kBool);
  const std::vector<double> space{1, 1, 1}, none{1, 0};
  PHOTO51_EXPECT_ERROR(overlap_of(mask, at::ones({4, 5}, at::kBool)), usage, HasSubstr("one grid"));
  PHOTO51_EXPECT_ERROR(overlap_of(mask.to(at::kFloat), mask), usage, HasSubstr("whole numbers"));
  PHOTO51_EXPECT_ERROR(overlap_of(at::ones({4}, at::kBool), mask), usage, HasSubstr("[H, W]"));
  PHOTO51_EXPECT_ERROR(mask_scores(mask, mask, space, 1), usage, HasSubstr("each of the mask's 2 axes"));
  PHOTO51_EXPECT_ERROR(mask_scores(mask, mask, none, 1), usage, HasSubstr("above 0"));
  PHOTO51_EXPECT_ERROR(class_scores(mask, mask, 1, kPlane, 1), usage, HasSubstr("2 classes"));
}

}  // namespace
}  // namespace photo51::evaluation

#include <gtest/gtest.h>

#include <cmath>

#include "photo51/evaluation/lesions.hpp"
#include "support/errors.hpp"

namespace photo51::evaluation {
namespace {

using ::testing::HasSubstr;

const std::vector<double> kUnit{1, 1, 1};

void put(at::Tensor& mask, int64_t z, int64_t y, int64_t x, int64_t edge) {
  mask.narrow(0, z, edge).narrow(1, y, edge).narrow(2, x, edge).fill_(true);
}

/// Three lesions of 27, 8 and 1 voxels, the second of which is missed, and a false positive.
class Lesions : public testing::Test {
 protected:
  Lesions() {
    put(truth_, 2, 2, 2, 3);
    put(truth_, 2, 2, 12, 2);
    put(truth_, 9, 12, 12, 1);
    put(predicted_, 2, 2, 3, 3);  // 18 voxels of the first
    put(predicted_, 9, 12, 12, 1);
    put(predicted_, 9, 2, 2, 2);
  }
  at::Tensor truth_ = at::zeros({12, 16, 16}, at::kBool), predicted_ = truth_.clone();
};

TEST_F(Lesions, AreMatchedByOverlap) {
  const LesionScores scores = lesion_scores(predicted_, truth_, kUnit, {.missed_distance = 50});
  ASSERT_EQ(scores.lesions.size(), 3U);
  EXPECT_DOUBLE_EQ(scores.lesions[0].dice, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.lesions[0].hd95, 1);
  EXPECT_FALSE(scores.lesions[1].found);
  EXPECT_EQ(scores.lesions[1].hd95, 50);
  EXPECT_EQ(scores.lesions[2].dice, 1);
  EXPECT_EQ(scores.lesions[2].volume, 1);
  EXPECT_EQ(scores.found, 2);
  EXPECT_EQ(scores.missed, 1);
  EXPECT_EQ(scores.false_positives, 1);
  EXPECT_DOUBLE_EQ(scores.dice, (2.0 / 3 + 0 + 1 + 0) / 4);
  EXPECT_DOUBLE_EQ(scores.hd95, (1 + 50 + 0 + 50) / 4.0);
  EXPECT_DOUBLE_EQ(scores.sensitivity, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.f1, 2.0 / 3);
}

TEST_F(Lesions, ThatAreSmallCountNowhere) {
  const LesionScores scores = lesion_scores(predicted_, truth_, kUnit, {.min_volume = 1});
  EXPECT_EQ(scores.lesions.size(), 2U);
  EXPECT_EQ(scores.false_positives, 1);  // what finds the smallest is none
  // By volume, not by voxels.
  EXPECT_EQ(lesion_scores(predicted_, truth_, std::vector<double>{2, 1, 1}, {.min_volume = 1}).lesions.size(),
            3U);
}

TEST_F(Lesions, AreOneWhereDilationJoinsThem) {
  put(truth_, 2, 2, 7, 2);      // 2 voxels right of the first
  put(predicted_, 2, 6, 2, 1);  // 1 voxel below it
  EXPECT_EQ(lesion_scores(predicted_, truth_, kUnit).lesions.size(), 4U);
  EXPECT_EQ(lesion_scores(predicted_, truth_, kUnit).false_positives, 2);
  const LesionScores joined = lesion_scores(predicted_, truth_, kUnit, {.dilation = 1});
  ASSERT_EQ(joined.lesions.size(), 3U);
  EXPECT_EQ(joined.lesions[0].volume, 27 + 8);
  EXPECT_DOUBLE_EQ(joined.lesions[0].dice, 2.0 * 18 / (35 + 27));
  EXPECT_EQ(joined.false_positives, 2);
  // Two steps reach the voxel below, which is a part of what finds the lesion then, and the next lesion.
  const LesionScores two = lesion_scores(predicted_, truth_, kUnit, {.dilation = 2});
  EXPECT_EQ(two.false_positives, 1);
  ASSERT_EQ(two.lesions.size(), 2U);
  EXPECT_DOUBLE_EQ(two.lesions[0].dice, 2.0 * 18 / (35 + 8 + 28));
}

TEST_F(Lesions, OfPlanes) {
  const std::vector<double> plane{1, 1};
  at::Tensor truth = at::zeros({6, 6}, at::kBool), predicted = truth.clone();
  truth[1][1] = truth[2][2] = true;  // touch at a corner
  predicted[2][2] = true;
  const LesionScores scores = lesion_scores(predicted, truth, plane);
  ASSERT_EQ(scores.lesions.size(), 1U);
  EXPECT_DOUBLE_EQ(scores.dice, 2.0 / 3);
  predicted[2][2] = false;
  predicted[3][3] = true;
  EXPECT_EQ(lesion_scores(predicted, truth, plane, {.dilation = 1}).found, 1);
}

TEST_F(Lesions, OfEmptyMasks) {
  const at::Tensor none = at::zeros_like(truth_);
  const LesionScores neither = lesion_scores(none, none, kUnit);
  EXPECT_EQ(neither.dice, 1);
  EXPECT_EQ(neither.hd95, 0);
  EXPECT_TRUE(std::isnan(neither.sensitivity));
  EXPECT_TRUE(std::isnan(neither.precision));
  EXPECT_TRUE(std::isnan(neither.f1));
  const LesionScores invented = lesion_scores(predicted_, none, kUnit);
  EXPECT_EQ(invented.dice, 0);
  EXPECT_EQ(invented.hd95, 374);
  EXPECT_EQ(invented.precision, 0);
  EXPECT_EQ(invented.f1, 0);
  const LesionScores missed = lesion_scores(none, truth_, kUnit);
  EXPECT_EQ(missed.sensitivity, 0);
  EXPECT_EQ(missed.hd95, 374);
  EXPECT_TRUE(std::isnan(missed.precision));
  PHOTO51_EXPECT_ERROR(lesion_scores(none, none, kUnit, {.dilation = -1}), usage, HasSubstr("0 or more"));
}

}  // namespace
}  // namespace photo51::evaluation

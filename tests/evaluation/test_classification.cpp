#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "photo51/evaluation/classification.hpp"

namespace photo51::evaluation {
namespace {

using testing::ElementsAre;

// The expected numbers of this file come from scikit-learn 1.x on the same vectors.
const std::vector<double> score{0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.4, 0.65, 0.2, 0.55};
const std::vector<int> known_label{0, 0, 1, 1, 1, 1, 0, 0, 0, 1};

TEST(Classification, ReferenceValuesWithTies) {
  EXPECT_DOUBLE_EQ(auroc(score, known_label), 0.76);
  EXPECT_NEAR(auprc(score, known_label), 0.7892857142857144, 1e-14);
  EXPECT_NEAR(brier(score, known_label), 0.18275, 1e-14);
  EXPECT_NEAR(log_loss(score, known_label), 0.5292431363103185, 1e-14);
  EXPECT_DOUBLE_EQ(sensitivity(score, known_label), 0.6);
  EXPECT_DOUBLE_EQ(specificity(score, known_label), 0.8);
  EXPECT_DOUBLE_EQ(sensitivity(score, known_label, 0.4), 0.8);
}

TEST(Classification, EqualScoresAreWorthOneHalf) {
  EXPECT_EQ(auroc(std::vector<double>(6, 0.3), std::vector<int>{0, 1, 1, 0, 1, 0}), 0.5);
  EXPECT_EQ(auroc(std::vector<double>{0, 1}, std::vector<int>{1, 0}), 0);
}

TEST(Classification, OneClassIsUndefined) {
  const std::vector<double> p{0.2, 0.7};
  const std::vector<int> ones{1, 1};
  EXPECT_TRUE(std::isnan(auroc(p, ones)));
  EXPECT_TRUE(std::isnan(auprc(p, ones)));
  EXPECT_TRUE(std::isnan(specificity(p, ones)));
  EXPECT_TRUE(std::isnan(balanced_accuracy(ones, ones)));
  EXPECT_TRUE(std::isnan(macro_auroc(std::vector<double>{1, 0, 0, 1}, ones, 2)));
  EXPECT_TRUE(std::isnan(brier({}, {})));
  EXPECT_TRUE(std::isnan(log_loss({}, {})));
  EXPECT_TRUE(std::isnan(expected_calibration_error({}, {})));
  EXPECT_TRUE(roc_curve(p, ones).empty());
}

TEST(Classification, RocCurveHasOnePointADistinctScore) {
  const auto points = roc_curve(score, known_label);
  std::vector<double> x, y, at;
  for (const auto& point : points) {
    x.push_back(point.false_positive_rate);
    y.push_back(point.true_positive_rate);
    at.push_back(point.threshold);
  }
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_THAT(x, ElementsAre(0, 0, 0, 0.2, 0.2, 0.6, 0.6, 0.8, 1));
  EXPECT_THAT(y, ElementsAre(0, 0.2, 0.4, 0.4, 0.6, 0.8, 1, 1, 1));
  EXPECT_THAT(at, ElementsAre(inf, 0.9, 0.8, 0.65, 0.55, 0.4, 0.35, 0.2, 0.1));
}

TEST(Classification, LogLossStaysFinite) {
  EXPECT_NEAR(log_loss(std::vector<double>{0.0}, std::vector<int>{1}), 36.04365338911715, 1e-9);
}

TEST(Classification, CalibrationBinsOfEqualWidth) {
  const std::vector<double> p{0.05, 0.15, 0.12, 0.95, 1.0, 0.2};
  const std::vector<int> y{0, 1, 0, 1, 1, 1};
  const auto bins = calibration_bins(p, y, 10);
  ASSERT_EQ(bins.size(), 4U);
  EXPECT_EQ(bins[1].count, 2);
  EXPECT_NEAR(bins[1].predicted, 0.135, 1e-12);
  EXPECT_EQ(bins[1].observed, 0.5);
  EXPECT_EQ(bins[2].low, 0.2);
  EXPECT_EQ(bins[3].count, 2);  // 1.0 belongs to the last bin
  EXPECT_EQ(bins[3].high, 1);
  // (1 * 0.05 + 2 * 0.365 + 1 * 0.8 + 2 * 0.025) / 6
  EXPECT_NEAR(expected_calibration_error(p, y), 1.63 / 6, 1e-12);
}

TEST(Classification, CalibrationBinsOfEqualCountsKeepEqualsTogether) {
  const std::vector<double> p{0.1, 0.2, 0.3, 0.3, 0.3, 0.9};
  const std::vector<int> y{0, 0, 1, 0, 1, 1};
  const auto bins = calibration_bins(p, y, 2, Binning::quantile);
  ASSERT_EQ(bins.size(), 2U);
  EXPECT_EQ(bins[0].count, 5);
  EXPECT_EQ(bins[0].low, 0.1);
  EXPECT_EQ(bins[0].high, 0.3);
  EXPECT_NEAR(bins[0].observed, 0.4, 1e-12);
  EXPECT_EQ(bins[1].count, 1);
  const auto same =
      calibration_bins(std::vector<double>(4, 0.5), std::vector<int>{0, 1, 0, 1}, 3, Binning::quantile);
  ASSERT_EQ(same.size(), 1U);
  EXPECT_EQ(same[0].count, 4);
}

TEST(Classification, Multiclass) {
  const std::vector<double> p{.7, .2, .1, .3, .4, .3, .2, .2, .6,  .5, .3,
                              .2, .1, .6, .3, .3, .3, .4, .4, .35, .25};
  const std::vector<int> y{0, 1, 2, 1, 1, 2, 0};
  EXPECT_NEAR(macro_auroc(p, y, 3), 0.925, 1e-12);
  const auto predicted = argmax(p, 3);
  EXPECT_THAT(predicted, ElementsAre(0, 1, 2, 0, 1, 2, 0));
  EXPECT_NEAR(balanced_accuracy(predicted, y), 8.0 / 9, 1e-12);
  EXPECT_NEAR(accuracy(predicted, y), 6.0 / 7, 1e-12);
  // A class that nobody has does not change the mean over the others.
  const std::vector<int> without_third{0, 1, 0, 1, 1, 0, 0};
  EXPECT_FALSE(std::isnan(macro_auroc(p, without_third, 3)));
}

TEST(Classification, WilsonInterval) {
  // 8 of 10: the textbook's 49.0 % to 94.3 %.
  const auto interval = wilson_interval(0.8, 10);
  EXPECT_NEAR(interval.low, 0.4902, 1e-4);
  EXPECT_NEAR(interval.high, 0.9433, 1e-4);
  EXPECT_EQ(wilson_interval(0, 5).low, 0);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
}

}  // namespace
}  // namespace photo51::evaluation

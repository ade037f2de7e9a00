#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "photo51/radiomics/robustness/icc.hpp"

namespace photo51::radiomics {
namespace {

using Ratings = std::vector<std::vector<double>>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Table 2 of Shrout & Fleiss 1979: six targets, four judges.
const Ratings kJudges{{9, 2, 5, 8}, {6, 1, 3, 2}, {8, 4, 6, 8}, {7, 1, 2, 6}, {10, 5, 6, 9}, {6, 2, 4, 7}};

TEST(Reliability, AgreesWithShroutAndFleiss) {
  // Values and intervals of R's psych::ICC for the same table.
  const Icc one_way = intraclass_correlation(kJudges, IccModel::one_way);
  EXPECT_NEAR(one_way.value, 0.1657, 5e-5);
  EXPECT_NEAR(one_way.low, -0.1329, 5e-5);
  EXPECT_NEAR(one_way.high, 0.7226, 5e-5);
  const Icc two_way = intraclass_correlation(kJudges, IccModel::two_way);
  EXPECT_NEAR(two_way.value, 0.7148, 5e-5);
  EXPECT_NEAR(two_way.low, 0.3425, 5e-5);
  EXPECT_NEAR(two_way.high, 0.9459, 5e-5);
}

TEST(Reliability, WiderConfidenceWidensTheInterval) {
  const Icc narrow = intraclass_correlation(kJudges, IccModel::two_way, 0.5);
  const Icc wide = intraclass_correlation(kJudges, IccModel::two_way, 0.99);
  EXPECT_LT(wide.low, narrow.low);
  EXPECT_GT(wide.high, narrow.high);
  EXPECT_DOUBLE_EQ(wide.value, narrow.value);
}

TEST(Reliability, ARaterWhoIsAlwaysHigherHarmsOneWayOnly) {
  const Ratings shifted{{1, 11}, {2, 12}, {3, 13}};
  EXPECT_DOUBLE_EQ(intraclass_correlation(shifted, IccModel::two_way).value, 1);
  EXPECT_LT(intraclass_correlation(shifted, IccModel::one_way).value, 0);
}

TEST(Reliability, TargetsWithoutAValueAreLeftOut) {
  Ratings holed = kJudges;
  holed.push_back({1, kNan, 2, 3});
  EXPECT_DOUBLE_EQ(intraclass_correlation(holed, IccModel::two_way).value,
                   intraclass_correlation(kJudges, IccModel::two_way).value);
}

TEST(Reliability, IsUndefinedWithoutTargetsRatersOrSpread) {
  for (const Ratings& ratings :
       {Ratings{}, {{1, 2}}, {{1}, {2}, {3}}, {{2, 2}, {2, 2}}, {{1, kNan}, {kNan, 1}}})
    EXPECT_TRUE(std::isnan(intraclass_correlation(ratings, IccModel::one_way).value));
}

}  // namespace
}  // namespace photo51::radiomics

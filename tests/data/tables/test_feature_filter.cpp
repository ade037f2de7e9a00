#include "data/tables/feature_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/random.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// `cases` standard normal numbers in each of `features` columns.
Eigen::MatrixXd noise(Eigen::Index cases, Eigen::Index features) {
  core::Random random({7, core::hash_key("filter")});
  Eigen::MatrixXd values(cases, features);
  for (double& value : values.reshaped()) value = random.normal();
  return values;
}

TEST(FeatureFilter, WhatVariesTooLittleGoes) {
  Eigen::MatrixXd values(4, 5);
  values << 7, 100, -1, 0, 1e6,  //
      7, 101, 1, 0, 1e6 + 1e-9,  //
      7, 99, -1, 0, 1e6 - 1e-9,  //
      7, 100, 1, 0, 1e6;
  EXPECT_THAT(varying_features(values, 0), ElementsAre(1, 2));
  EXPECT_THAT(varying_features(values, 0.01), ElementsAre(2));  // deviation 0.7 of 100
  EXPECT_THAT(varying_features(values, 1), IsEmpty());
}

TEST(FeatureFilter, OneOfEachClusterStays) {
  Eigen::MatrixXd values = noise(200, 6);
  // 0 is between 1 and 2 in rank; 4 falls with 3, though not on a line; 5 is alone.
  values.col(1) = values.col(0) + 0.45 * values.col(1);
  values.col(2) = values.col(0) + 0.45 * values.col(2);
  values.col(4) = (-values.col(3)).array().exp();
  EXPECT_THAT(uncorrelated_features(values, 0.85), ElementsAre(0, 3, 5));
  EXPECT_THAT(uncorrelated_features(values, 0.9999), ElementsAre(0, 1, 2, 3, 5));
  // Whatever stays agrees with none that stays, and whatever goes with one.
  const auto kept = uncorrelated_features(values, 0.1);
  EXPECT_THAT(uncorrelated_features(values(Eigen::all, kept), 0.1), ::testing::SizeIs(kept.size()));
}

TEST(FeatureFilter, TiesShareTheirRankAndConstantsAgreeWithNothing) {
  Eigen::MatrixXd values(6, 3);
  values << 1, 10, 3, 1, 10, 3, 2, 20, 3, 2, 20, 3, 2, 20, 3, 3, 30, 3;
  EXPECT_THAT(uncorrelated_features(values, 0.99), ElementsAre(0, 2));
}

TEST(FeatureFilter, MoreFeaturesThanOneBlock) {
  Eigen::MatrixXd values = noise(30, 600);
  values.col(599) = 3 * values.col(1).array() + 1;
  const auto kept = uncorrelated_features(values, 0.95);
  EXPECT_EQ(kept.size(), 599U);
  EXPECT_EQ(kept.back(), 598U);
}

}  // namespace
}  // namespace photo51::data

#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/random.hpp"
#include "photo51/evaluation/survival.hpp"

namespace photo51::evaluation {
namespace {

// The expected numbers of this file come from lifelines 0.30 on the same vectors.
const std::vector<double> times{5, 8, 8, 12, 12, 15, 20, 21, 21, 30};
const Events events{1, 1, 0, 1, 0, 1, 0, 1, 1, 0};
const std::vector<double> risk{2.0, 1.5, 1.0, 1.5, 0.2, 0.9, 0.5, 0.9, -0.3, 0.1};

TEST(Survival, ConcordanceReference) {
  EXPECT_NEAR(c_index(times, events, risk), 0.9310344827586207, 1e-14);
}

TEST(Survival, ConcordanceOfEveryPairByDefinition) {
  core::Random random({7, core::hash_key("concordance")});
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<double> time, score;
    Events event;
    for (int i = 0; i < 40; ++i) {  // few levels: many ties of both kinds
      time.push_back(static_cast<double>(random.below(12)));
      score.push_back(static_cast<double>(random.below(6)));
      event.push_back(random.chance(0.5) ? 1 : 0);
    }
    double won = 0, pairs = 0;
    for (size_t i = 0; i < time.size(); ++i)
      for (size_t j = 0; j < time.size(); ++j) {
        if (!event[i] || !(time[i] < time[j] || (time[i] == time[j] && !event[j]))) continue;
        pairs += 1;
        won += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
      }
    EXPECT_DOUBLE_EQ(c_index(time, event, score), won / pairs);
  }
}

TEST(Survival, ConcordanceWithoutPairsIsUndefined) {
  EXPECT_TRUE(std::isnan(c_index(times, Events(10, 0), risk)));
  EXPECT_TRUE(std::isnan(c_index(std::vector<double>{4, 4}, Events{1, 1}, std::vector<double>{1, 2})));
  EXPECT_EQ(c_index(std::vector<double>{1, 2}, Events{1, 0}, std::vector<double>{0, 5}), 0);
}

TEST(Survival, KaplanMeierReference) {
  const auto curve = kaplan_meier(times, events);
  ASSERT_EQ(curve.size(), 7U);
  const double survival[] = {0.9,
                             0.8,
                             0.6857142857142855,
                             0.5485714285714284,
                             0.5485714285714284,
                             0.18285714285714277,
                             0.18285714285714277};
  const double low[] = {0.473009, 0.408691, 0.304585, 0.187256, 0.187256, 0.009452, 0.009452};
  const double high[] = {0.985281, 0.945873, 0.887148, 0.806377, 0.806377, 0.538333, 0.538333};
  for (size_t i = 0; i < curve.size(); ++i) {
    EXPECT_NEAR(curve[i].survival, survival[i], 1e-12) << i;
    EXPECT_NEAR(curve[i].low, low[i], 1e-6) << i;
    EXPECT_NEAR(curve[i].high, high[i], 1e-6) << i;
  }
  EXPECT_EQ(curve[1].at_risk, 9);
  EXPECT_EQ(curve[1].events, 1);
  EXPECT_EQ(curve[1].censored, 1);
  EXPECT_EQ(median_survival(curve), 21);
  EXPECT_EQ(number_at_risk(times, 12), 7);
}

TEST(Survival, KaplanMeierEnds) {
  const auto all_die = kaplan_meier(std::vector<double>{1, 2}, Events{1, 1});
  EXPECT_EQ(all_die.back().survival, 0);
  EXPECT_EQ(all_die.back().high, 0);
  const auto nobody = kaplan_meier(std::vector<double>{1, 2}, Events{0, 0});
  EXPECT_EQ(nobody.back().survival, 1);
  EXPECT_EQ(nobody.back().low, 1);
  EXPECT_TRUE(std::isnan(median_survival(nobody)));
  EXPECT_TRUE(kaplan_meier({}, {}).empty());
}

TEST(Survival, LogRankReference) {
  const auto test = log_rank(times, events, Events{0, 1, 0, 1, 0, 0, 1, 1, 0, 1});
  EXPECT_NEAR(test.chi_square, 0.2607532000644514, 1e-12);
  EXPECT_NEAR(test.p, 0.6096031679267737, 1e-12);
}

TEST(Survival, LogRankOfOneGroupIsUndefined) {
  EXPECT_TRUE(std::isnan(log_rank(times, events, Events(10, 1)).p));
  EXPECT_TRUE(std::isnan(log_rank(times, Events(10, 0), Events{0, 1, 0, 1, 0, 0, 1, 1, 0, 1}).p));
}

}  // namespace
}  // namespace photo51::evaluation

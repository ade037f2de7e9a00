#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "photo51/core/random.hpp"
#include "photo51/evaluation/bootstrap.hpp"
#include "photo51/evaluation/roc_band.hpp"

namespace photo51::evaluation {
namespace {

TEST(Bootstrap, IntervalOfAMeanIsTheKnownOne) {
  core::Random random({3});
  std::vector<double> values(400);
  double mean = 0;
  for (auto& value : values) mean += (value = random.normal()) / 400;
  const auto interval = bootstrap(400,
                                  [&](std::span<const int64_t> chosen) {
                                    double sum = 0;
                                    for (const int64_t i : chosen) sum += values[static_cast<size_t>(i)];
                                    return sum / 400;
                                  },
                                  "mean", {.samples = 4000, .level = 0.95, .seed = 1});
  EXPECT_NEAR(interval.low, mean - 1.96 / 20, 0.012);
  EXPECT_NEAR(interval.high, mean + 1.96 / 20, 0.012);
}

TEST(Bootstrap, SameSeedSameInterval) {
  const auto statistic = [](std::span<const int64_t> chosen) {
    return static_cast<double>(chosen[0] + chosen[1]);
  };
  const BootstrapOptions options{.samples = 200, .level = 0.9, .seed = 5};
  const auto once = bootstrap(50, statistic, "x", options), again = bootstrap(50, statistic, "x", options);
  EXPECT_EQ(once.low, again.low);
  EXPECT_EQ(once.high, again.high);
  const auto other = bootstrap(50, statistic, "x", {.samples = 200, .level = 0.9, .seed = 6});
  EXPECT_TRUE(other.low != once.low || other.high != once.high);
}

TEST(Bootstrap, DegenerateResamplesAreDrawnAnew) {
  std::atomic<int> calls = 0;
  const auto interval =
      bootstrap(2,
                [&](std::span<const int64_t> chosen) {  // half of the resamples hold one patient twice
                  ++calls;
                  return chosen[0] == chosen[1] ? std::numeric_limits<double>::quiet_NaN() : 1.0;
                },
                "pair", {.samples = 100, .level = 0.95, .seed = 0});
  EXPECT_EQ(interval.low, 1);
  EXPECT_EQ(interval.high, 1);
  EXPECT_GT(calls, 150);
}

TEST(Bootstrap, NeverDefinedHasNoInterval) {
  const auto never = [](std::span<const int64_t>) { return std::numeric_limits<double>::quiet_NaN(); };
  EXPECT_TRUE(std::isnan(bootstrap(4, never, "never", {.samples = 20, .level = 0.95, .seed = 0}).low));
  EXPECT_TRUE(std::isnan(bootstrap(0, never, "nobody").high));
}

TEST(RocBand, HoldsTheRateOfManyPatients) {
  core::Random random({11});
  std::vector<double> score;
  std::vector<int> label;
  for (int i = 0; i < 300; ++i) {
    label.push_back(i % 2);
    score.push_back(random.normal() + 1.5 * (i % 2));
  }
  const auto band = roc_band(score, label, {.samples = 300, .level = 0.95, .seed = 0}, 11);
  ASSERT_EQ(band.size(), 11U);
  EXPECT_EQ(band.back().low, 1);
  // With a shift of 1.5, the rate at 20 % false positives is Phi(1.5 - 0.8416) = 0.745.
  EXPECT_LT(band[2].low, 0.745);
  EXPECT_GT(band[2].high, 0.745);
  EXPECT_LT(band[2].high - band[2].low, 0.3);
  EXPECT_TRUE(roc_band(std::vector<double>{1, 2}, std::vector<int>{1, 1}).empty());
}

}  // namespace
}  // namespace photo51::evaluation

#include "photo51/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace photo51::core {
namespace {

using Counter = std::array<uint32_t, 4>;

// The known-answer vectors of Random123 (kat_vectors, philox4x32 10).
TEST(Random, PhiloxKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, SameKeysSameNumbers) {
  Random a({7, 3, hash_key("P1")}), b({7, 3, hash_key("P1")});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next_u64(), b.next_u64());
}

TEST(Random, StreamsOfNeighbouringKeysAreIndependent) {
  // Streams that differ in one key, in order, or in length share no number and do not correlate.
  const std::vector<Random> starts{Random({0}),    Random({1}),       Random({0, 0}), Random({0, 1}),
                                   Random({1, 0}), Random({0, 0, 0}), Random({2})};
  std::vector<std::vector<double>> streams;
  std::set<uint64_t> seen;
  for (const Random& start : starts) {
    Random numbers = start, bits = start;
    auto& stream = streams.emplace_back();
    for (int i = 0; i < 4000; ++i) {
      stream.push_back(numbers.uniform() - 0.5);
      EXPECT_TRUE(seen.insert(bits.next_u64()).second);
    }
  }
  for (size_t a = 0; a < streams.size(); ++a)
    for (size_t b = 0; b < a; ++b) {
      double product = 0;
      for (size_t i = 0; i < streams[a].size(); ++i) product += streams[a][i] * streams[b][i];
      EXPECT_LT(std::abs(product / 4000 * 12), 5 / std::sqrt(4000.0)) << a << " and " << b;
    }
}

TEST(Random, NamesHashToDifferentKeys) {
  EXPECT_EQ(hash_key("flip"), hash_key("flip"));
  EXPECT_NE(hash_key("flip"), hash_key("flop"));
  EXPECT_NE(hash_key("ab"), hash_key("ba"));
  EXPECT_NE(hash_key(""), hash_key(std::string_view("\0", 1)));
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random({1});
  const int n = 200000;
  double u = 0, u2 = 0, g = 0, g2 = 0, g4 = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.uniform();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    u += x;
    u2 += x * x;
    const double y = random.normal();
    g += y;
    g2 += y * y;
    g4 += y * y * y * y;
  }
  EXPECT_NEAR(u / n, 0.5, 0.004);
  EXPECT_NEAR(u2 / n, 1.0 / 3, 0.004);
  EXPECT_NEAR(g / n, 0, 0.01);
  EXPECT_NEAR(g2 / n, 1, 0.02);
  EXPECT_NEAR(g4 / n, 3, 0.1);
  EXPECT_NEAR(random.uniform(3, 3), 3, 0);
  const double between = random.uniform(-2, 5);
  EXPECT_TRUE(between >= -2 && between < 5);
}

TEST(Random, BelowIsEvenAndWithinItsBound) {
  Random random({2});
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
  EXPECT_EQ(random.below(1), 0U);
  int heads = 0;
  for (int i = 0; i < 10000; ++i) heads += random.chance(0.25);
  EXPECT_NEAR(heads, 2500, 250);
}

TEST(Random, PermutationHoldsEveryNumberAndEveryOrderIsEquallyLikely) {
  Random random({3});
  auto order = random.permutation(100);
  EXPECT_NE(order[0] * 1000 + order[1], 1);
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
  EXPECT_TRUE(random.permutation(0).empty());
  std::array<int, 6> counts{};
  for (int i = 0; i < 6000; ++i) {
    const auto p = random.permutation(3);
    ++counts[static_cast<size_t>(p[0] * 2 + (p[1] > p[2]))];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace photo51::core

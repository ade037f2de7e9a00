#include <gmock/gmock.h>

#include <cmath>

#include "photo51/core/ranks.hpp"

namespace photo51::core {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

TEST(Ranks, EqualsShareTheirMeanAndUnknownIsInTheMiddle) {
  EXPECT_THAT(ranks(std::vector<double>{30, 10, 20}), ElementsAre(3, 1, 2));
  EXPECT_THAT(ranks(std::vector<double>{5, 1, 5, 9}), ElementsAre(2.5, 1, 2.5, 4));
  EXPECT_THAT(ranks(std::vector<double>{2, NAN, 1, 3}), ElementsAre(2, 2, 1, 3));
  EXPECT_THAT(ranks({}), ElementsAre());
}

TEST(Ranks, UnitRanksMultiplyToSpearmansRho) {
  const auto a = unit_ranks(std::vector<double>{1, 2, 3, 4}),
             b = unit_ranks(std::vector<double>{1, 9, 4, 16});
  double rho = 0, length = 0;
  for (size_t i = 0; i < 4; ++i) rho += a[i] * b[i], length += a[i] * a[i];
  EXPECT_NEAR(length, 1, 1e-12);
  EXPECT_NEAR(rho, 0.8, 1e-12);
  EXPECT_THAT(unit_ranks(std::vector<double>{7, 7, 7}), Each(0));
}

}  // namespace
}  // namespace photo51::core

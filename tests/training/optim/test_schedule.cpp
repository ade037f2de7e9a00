#include <gmock/gmock.h>

#include "photo51/training/optim/schedule.hpp"
#include "photo51/training/options.hpp"
#include "support/errors.hpp"

namespace photo51::training {
namespace {

TEST(Schedule, CosineGoesFromOneToItsEnd) {
  CosineOptions options;
  options.final_fraction = 0.2;
  const auto cosine = config::choose("cosine", options);
  EXPECT_DOUBLE_EQ(schedule_factor(cosine, 0, 10, 4), 1);
  EXPECT_NEAR(schedule_factor(cosine, 20, 10, 4), 0.6, 1e-12);  // half way: the middle of 1 and 0.2
  EXPECT_NEAR(schedule_factor(cosine, 40, 10, 4), 0.2, 1e-12);
}

TEST(Schedule, WarmUpIsLinear) {
  CosineOptions options;
  options.warmup_epochs = 0.5;
  const auto cosine = config::choose("cosine", options);
  EXPECT_DOUBLE_EQ(schedule_factor(cosine, 0, 8, 4), 0.25);
  EXPECT_DOUBLE_EQ(schedule_factor(cosine, 3, 8, 4), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(cosine, 4, 8, 4), 1);
  EXPECT_LT(schedule_factor(cosine, 5, 8, 4), 1);
}

TEST(Schedule, ConstantStays) {
  ConstantOptions options;
  options.warmup_epochs = 1;
  const auto constant = config::choose("constant", options);
  EXPECT_DOUBLE_EQ(schedule_factor(constant, 1, 4, 9), 0.5);
  EXPECT_DOUBLE_EQ(schedule_factor(constant, 30, 4, 9), 1);
}

TEST(Schedule, AWrongNameIsSaid) {
  PHOTO51_EXPECT_ERROR(schedule_factor(config::choose("cosin", CosineOptions{}), 0, 1, 1), usage,
                       ::testing::HasSubstr("there is no `cosin` (did you mean `cosine`?)"));
}

}  // namespace
}  // namespace photo51::training

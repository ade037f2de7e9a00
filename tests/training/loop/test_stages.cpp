#include "training/loop/stages.hpp"

#include <gtest/gtest.h>

namespace photo51::training {
namespace {

TEST(Stages, WithoutAnyThereIsOneOfTheTrainingsKeys) {
  TrainOptions options;
  options.epochs = 7;
  const auto stages = stages_of(options);
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].optimizer.name, "adamw");
  EXPECT_EQ(stages[0].schedule.name, "cosine");
  EXPECT_EQ(epochs_of(stages), 7);
  EXPECT_EQ(stage_of_epoch(stages, 0), 0U);
  EXPECT_EQ(stage_of_epoch(stages, 7), 0U);
}

TEST(Stages, FollowEachOtherAndInheritWhatTheyDoNotSay) {
  TrainOptions options;
  options.optimizer = config::choose("sgd", SgdOptions{});
  StageOptions warm, all;
  warm.epochs = 2;
  warm.frozen = {"encoders.*"};
  all.epochs = 3;
  all.optimizer = config::choose("adamw", AdamWOptions{});
  all.schedule = config::choose("constant", ConstantOptions{});
  options.stages = {{"warm", warm}, {"all", all}};
  const auto stages = stages_of(options);
  ASSERT_EQ(stages.size(), 2U);
  EXPECT_EQ(stages[0].optimizer.name, "sgd");
  EXPECT_EQ(stages[0].schedule.name, "cosine");
  EXPECT_EQ(stages[1].optimizer.name, "adamw");
  EXPECT_EQ(stages[1].schedule.name, "constant");
  EXPECT_EQ(stages[1].begin, 2);
  EXPECT_EQ(epochs_of(stages), 5);
  EXPECT_EQ(stage_of_epoch(stages, 1), 0U);
  EXPECT_EQ(stage_of_epoch(stages, 2), 1U);
  EXPECT_EQ(stage_of_epoch(stages, 5), 1U);
}

}  // namespace
}  // namespace photo51::training

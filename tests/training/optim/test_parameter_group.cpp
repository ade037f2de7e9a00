#include "photo51/training/optim/parameter_group.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"

namespace photo51::training {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string>& names() {
  static const std::vector<std::string> list{"encoders.mri.conv1.weight", "encoders.mri.conv2.weight",
                                             "encoders.genes.linear.weight", "heads.idh.linear.bias"};
  return list;
}

TEST(ParameterGroup, PatternsMatchWholeNames) {
  EXPECT_THAT(matched({"encoders.mri.*"}, names(), "x"), ElementsAre(true, true, false, false));
  EXPECT_THAT(matched({"*.weight"}, names(), "x"), ElementsAre(true, true, true, false));
  EXPECT_THAT(matched({"encoders.mri.conv?.weight", "heads.*"}, names(), "x"),
              ElementsAre(true, true, false, true));
  EXPECT_THAT(matched({"encoders.mri.conv[2].weight"}, names(), "x"), ElementsAre(false, true, false, false));
  EXPECT_THAT(matched({}, names(), "x"), ElementsAre(false, false, false, false));
}

TEST(ParameterGroup, TheFirstGroupThatMatchesCounts) {
  ParameterGroup mri, encoders;
  mri.match = {"encoders.mri.*"};
  mri.lr_scale = 0.1;
  mri.frozen_until = 3;
  encoders.match = {"encoders.*"};
  encoders.lr_scale = 0.5;
  encoders.weight_decay = 0.25;
  const auto of = group_of_each({{"mri", mri}, {"encoders", encoders}}, names());
  ASSERT_EQ(of.size(), 4U);
  EXPECT_EQ(of[1].lr_scale, 0.1);
  EXPECT_EQ(of[1].frozen_until, 3);
  EXPECT_FALSE(of[1].weight_decay.has_value());
  EXPECT_EQ(of[2].lr_scale, 0.5);
  EXPECT_EQ(of[2].weight_decay, 0.25);
  EXPECT_EQ(of[3].lr_scale, 1);
  EXPECT_EQ(of[3].frozen_until, 0);
}

TEST(ParameterGroup, APatternThatMatchesNothingNamesWhatIsNear) {
  ParameterGroup group;
  group.match = {"encoder.*"};
  PHOTO51_EXPECT_ERROR(group_of_each({{"slow", group}}, names()), usage,
                       AllOf(HasSubstr("train.parameter_groups.slow.match: `encoder.*` matches no parameter"),
                             HasSubstr("did you mean `encoders.*`")));
  PHOTO51_EXPECT_ERROR(matched({"heads.idh.linear.bais"}, names(), "train.stages.a.frozen"), usage,
                       AllOf(HasSubstr("train.stages.a.frozen: "), HasSubstr("`heads.idh.linear.bias`")));
}

}  // namespace
}  // namespace photo51::training

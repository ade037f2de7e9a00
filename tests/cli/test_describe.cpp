// What `describe` and `schema` say of everything that a config may name.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Describe, ListsSectionsAndComponents) {
  const Outcome outcome = run_program({"describe"});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* name :
       {"cohort.split", "inputs.<name>.preprocess", "resnet", "vit", "snn", "gated", "adamw"})
    EXPECT_THAT(outcome.out, HasSubstr(name));
}

TEST(Describe, ExplainsOneName) {
  EXPECT_THAT(run_program({"describe", "resnet"}).out, AllOf(HasSubstr("depth"), HasSubstr("width")));
  EXPECT_THAT(run_program({"describe", "train"}).out, AllOf(HasSubstr("epochs"), HasSubstr("clip_norm")));
  EXPECT_THAT(run_program({"describe", "survival"}).out,
              AllOf(HasSubstr("survival (model.heads.<name> by task): "), HasSubstr("bins"),
                    HasSubstr("time_unit"), Not(HasSubstr("class_weights"))));
  EXPECT_THAT(run_program({"describe", "expression"}).out,
              AllOf(HasSubstr("genes"), Not(HasSubstr("label"))));
  const Outcome unknown = run_program({"describe", "resnett"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("`resnet`"));
}

TEST(Schema, IsJsonThatKnowsTheComponents) {
  const Outcome outcome = run_program({"schema"});
  ASSERT_EQ(outcome.exit_code, 0);
  const auto schema = nlohmann::json::parse(outcome.out);
  EXPECT_TRUE(schema["properties"]["train"]["properties"].contains("epochs"));
  EXPECT_THAT(schema["properties"]["model"]["properties"]["encoders"].dump(), HasSubstr("resnet"));
  EXPECT_FALSE(schema["additionalProperties"].get<bool>());
}

TEST(Doctor, FindsNothingWrongWithASoundExperiment) {
  const Outcome outcome = run_program({"doctor", tiny_config().string(), manifest_override()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("24 patients"), HasSubstr("no patient or image in two parts"),
                                 HasSubstr("no problem found")));
  const Outcome gone = run_program({"doctor", tiny_config().string(), "cohort.manifest=gone.csv"});
  EXPECT_NE(gone.exit_code, 0);
  EXPECT_THAT(gone.err, HasSubstr("gone.csv"));
}

}  // namespace
}  // namespace photo51::test

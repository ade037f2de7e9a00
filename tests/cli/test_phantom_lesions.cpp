#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace photo51::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(PhantomLesions, SayWhatAMatchedFilterFinds) {
  const TemporaryFolder folder;
  const std::string out = (folder / "p").string();
  const Outcome text = run_program({"phantom", "--out", out, "--patients", "4", "--lesions", "1..2"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("Sensitivity of the matched filter"),
                              HasSubstr("healthy patients: 0\n"), HasSubstr(out + "/lesions.csv")));
  const Outcome json = run_program({"phantom", "--out", out, "--patients", "4", "--lesions", "1", "--json"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  const auto said = nlohmann::json::parse(json.out);
  EXPECT_EQ(said.at("lesions"), 4);
  EXPECT_EQ(said.at("matched_filter").back().at("lesions"), 4);
  EXPECT_THAT(slurp(folder / "p/cohort.csv"),
              HasSubstr("patient,site,age,sex,ct,seg,lesions,malignant\nP0001,"));
}

TEST(PhantomLesions, RefuseWhatIsNoRangeAndWhatTheOtherCohortHas) {
  const TemporaryFolder folder;
  const auto refused = [&](std::vector<std::string> arguments, const std::string& words) {
    arguments.insert(arguments.begin(), {"phantom", "--out", (folder / "p").string()});
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << words;
    EXPECT_THAT(outcome.err, HasSubstr(words));
  };
  refused({"--lesions", "few"}, "`few` is neither a whole number nor a range such as 0..3");
  refused({"--lesions", "0..x"}, "`0..x` is neither");
  refused({"--lesions", "3..1"}, "lesions: 3..1 is no ascending range");
  refused({"--lesions", "0..3", "--modalities", "ct"}, "--modalities is of the cohort without --lesions");
  refused({"--lesions", "0..3", "--missing-view", "0.5"},
          "--missing-view is of the cohort without --lesions");
  refused({"--lesions", "0..3", "--slides"}, "--slides and --lesions are two cohorts");
}

}  // namespace
}  // namespace photo51::test

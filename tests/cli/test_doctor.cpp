// photo51 doctor shows who the patients are, and with --all reads every case.
#include <gmock/gmock.h>

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(DoctorCohort, ShowsClassesEventsSitesFoldsAndBlanks) {
  const Outcome outcome =
      run_program({"doctor", "--json", tiny_config().string(), manifest_override(), "cohort.split.folds=2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::map<std::string, std::string> found;
  for (const auto& one : nlohmann::json::parse(outcome.out)) found[one.at("what")] = one.at("text");
  EXPECT_THAT(found["label genotype"], AllOf(HasSubstr("0 "), HasSubstr(", 1 ")));
  EXPECT_THAT(found["label os"], AllOf(HasSubstr(" events, "), HasSubstr(" censored")));
  EXPECT_THAT(found["sites"], HasSubstr(" "));
  EXPECT_TRUE(found.contains("blank cells"));
  for (const std::string part : {"fold 0 train", "fold 0 validation", "fold 1 train", "test"})
    EXPECT_THAT(found[part], AllOf(HasSubstr(" patients; genotype: 0 "), HasSubstr("os: "))) << part;
  EXPECT_THAT(found["files"], HasSubstr("--all reads every case"));
}

TEST(DoctorCohort, AllReadsEveryCaseAndNamesEveryBadFile) {
  const TemporaryFolder folder;
  std::filesystem::copy(cohort(), folder / "c", std::filesystem::copy_options::recursive);
  std::vector<std::string> bad;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "c"))
    if (entry.path().filename() == "flair.nii.gz" && bad.size() < 3) {
      std::filesystem::resize_file(entry.path(), entry.file_size() * 2 / 3);
      bad.push_back(entry.path().parent_path().filename().string());
    }
  ASSERT_EQ(bad.size(), 3);
  const Outcome outcome =
      run_program({"doctor", "--all", tiny_config().string(), manifest_override(folder / "c/cohort.csv")});
  EXPECT_EQ(outcome.exit_code, 3);
  for (const auto& name : bad)
    EXPECT_THAT(outcome.out, HasSubstr("case " + name + ": input mri: channel flair: ")) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("3 of 24 patients have a bad file; training stops at them"));
  EXPECT_THAT(outcome.err, HasSubstr("3 problem(s) found"));
  const Outcome sound = run_program({"doctor", "--all", tiny_config().string(), manifest_override()});
  EXPECT_EQ(sound.exit_code, 0) << sound.out << sound.err;
  EXPECT_THAT(sound.out, HasSubstr("those of 24 patients read in full"));
}

/// What doctor says of memory is no more than twice and no less than half of what is then taken. The images
/// are so large that a step of training takes most of it.
TEST(DoctorMemory, IsWhatTrainingAndPredictionTake) {
  const TemporaryFolder folder;
  const std::string config = tiny_config().string(), run = (folder / "run").string();
  const std::vector<std::string> larger{manifest_override(), "inputs.mri.preprocess.spacing=[2, 2, 2]",
                                        "inputs.mri.preprocess.size=[56, 56, 56]", "train.epochs=1"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), larger.begin(), larger.end());
    return run_program(arguments);
  };
  const Outcome said = with({"doctor", "--json", config});
  ASSERT_EQ(said.exit_code, 0) << said.err;
  std::map<std::string, double> bytes;
  for (const auto& one : nlohmann::json::parse(said.out)) {
    double gib = 0;
    if (std::sscanf(one.at("text").get<std::string>().c_str(), "about %lf GiB of memory", &gib) == 1)
      bytes[one.at("what")] = gib * 1024 * 1024 * 1024;
  }
  EXPECT_THAT(said.out,
              AllOf(HasSubstr("4 case(s): a step of training took "), HasSubstr(", a prediction ")));
  const auto is_near = [&](const std::string& what, const Outcome& taken) {
    ASSERT_EQ(taken.exit_code, 0) << taken.err;
    EXPECT_LT(bytes[what], 2.0 * static_cast<double>(taken.peak_bytes)) << what;
    EXPECT_GT(bytes[what], 0.5 * static_cast<double>(taken.peak_bytes)) << what;
  };
  is_near("training", with({"train", config, "--out", run, "--quiet"}));
  is_near("prediction", run_program({"predict", run, "--cases", (cohort() / "cohort.csv").string(), "--out",
                                     (folder / "out").string(), "--quiet"}));
}

TEST(DoctorCohort, AllNeedsAConfig) {
  const Outcome outcome = run_program({"doctor", "--all"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--all needs a CONFIG"));
}

}  // namespace
}  // namespace photo51::test

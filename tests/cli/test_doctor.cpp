// photo51 doctor shows who the patients are, with --all reads every case, and with --model holds this machine
// to what a published model said.
#include <gmock/gmock.h>

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/nn/weights/weights.hpp"

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

TEST(DoctorModel, ThePublishedModelsOfTheProjectSayHereWhatTheySaidThere) {
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "models")) {
    const Outcome outcome = run_program({"doctor", "--model", entry.path().string(), "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << entry.path() << outcome.out << outcome.err;
    int heads = 0;
    for (const auto& one : nlohmann::json::parse(outcome.out))
      if (one.at("what") == "model on cpu") {
        ++heads;
        EXPECT_EQ(one.at("level"), "ok");
        EXPECT_THAT(one.at("text").get<std::string>(), HasSubstr("1.0e-04 is allowed in float32"));
      }
    EXPECT_EQ(heads, 3) << entry.path();
    EXPECT_LT(std::filesystem::file_size(entry.path() / "self_test.safetensors"), 200'000U);
  }
}

TEST(DoctorModel, AddsASelfTestAndFindsAChangedWeight) {
  const TemporaryFolder folder;
  const auto model = folder / "model";
  std::filesystem::copy(source_dir() / "models/phantom_image", model);
  std::filesystem::remove(model / "self_test.safetensors");
  const Outcome none = run_program({"doctor", "--model", model.string()});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.err, HasSubstr("add it by `photo51 doctor --model " + model.string() + " --write`"));
  const Outcome written = run_program({"doctor", "--model", model.string(), "--write"});
  EXPECT_EQ(written.exit_code, 0) << written.err;
  EXPECT_THAT(written.out,
              AllOf(HasSubstr("self_test.safetensors holds what this CPU computes"),
                    HasSubstr("genotype deviates by at most 0.0e+00"), HasSubstr("no problem found")));
  const Outcome again = run_program({"doctor", "--model", model.string(), "--write"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("self_test.safetensors: is there already"));

  auto stored = nn::read_safetensors(model / "weights_2.safetensors");
  auto& weight = stored.tensors.at("heads.subtype.linear.weight");
  weight = weight.clone();
  weight[0] += 1;
  nn::write_safetensors(model / "weights_2.safetensors", stored.tensors, stored.metadata);
  const Outcome changed = run_program({"doctor", "--model", model.string()});
  EXPECT_EQ(changed.exit_code, 3);
  EXPECT_THAT(changed.out,
              AllOf(::testing::ContainsRegex("problem +model on cpu +subtype deviates by at most"),
                    ::testing::ContainsRegex("ok +model on cpu +genotype deviates by at most"),
                    HasSubstr("weights_2.safetensors: other weights than the self-test was written for")));
  EXPECT_THAT(changed.err, HasSubstr("1 problem(s) found"));
  // As if the machine that published it had computed other numbers.
  std::filesystem::copy_file(source_dir() / "models/phantom_image/weights_2.safetensors",
                             model / "weights_2.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  auto expected = nn::read_safetensors(model / "self_test.safetensors");
  expected.tensors.at("outputs.os") = expected.tensors.at("outputs.os") + 1;
  nn::write_safetensors(model / "self_test.safetensors", expected.tensors, expected.metadata);
  const Outcome other = run_program({"doctor", "--model", model.string()});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.out,
              AllOf(HasSubstr("the weights are those that were published"), HasSubstr("LibTorch ")));
}

TEST(DoctorModel, WriteNeedsAModel) {
  const Outcome outcome = run_program({"doctor", "--write"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--write needs a --model"));
}

}  // namespace
}  // namespace photo51::test

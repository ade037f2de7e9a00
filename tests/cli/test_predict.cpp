// train -> predict and evaluate on new cases, with the files and columns that other programs read.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/program.hpp"
#include "photo51/core/table.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Predict : public ::testing::Test {
 protected:
  void SetUp() override {
    const Outcome trained =
        run_program({"train", tiny_config().string(), manifest_override(), "--out", run(), "--quiet"});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  std::string run() const { return (folder_ / "run").string(); }
  TemporaryFolder folder_;
};

TEST_F(Predict, TheRunFolderIsComplete) {
  for (const char* name :
       {"config.yaml", "environment.json", "cases.csv", "warnings.csv", "log.jsonl", "metrics.csv",
        "predictions.csv", "predictions.json", "report.html", "checkpoints"})
    EXPECT_TRUE(std::filesystem::exists(folder_ / (std::string("run/") + name))) << name;
  EXPECT_THAT(slurp(folder_ / "run/report.html"), AllOf(HasSubstr("<svg"), HasSubstr("</html>")));
}

TEST_F(Predict, ManyCasesFromAManifest) {
  const std::string out = (folder_ / "out").string();
  const Outcome outcome =
      run_program({"predict", run(), "--cases", (cohort() / "cohort.csv").string(), "--out", out, "--quiet"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto table = core::read_table(out + "/predictions.csv");
  EXPECT_THAT(table.columns, ElementsAre("case", "head", "class", "value", "low", "high"));
  std::map<std::string, double> sums;
  std::set<std::string> cases;
  for (const auto& row : table.rows) {
    cases.insert(row[0]);
    EXPECT_LE(std::stod(row[4]), std::stod(row[3]));
    EXPECT_GE(std::stod(row[5]), std::stod(row[3]));
    if (row[1] == "genotype") {
      EXPECT_TRUE(row[2] == "0" || row[2] == "1") << row[2];
      sums[row[0]] += std::stod(row[3]);
    } else {
      EXPECT_EQ(row[1], "os");
      EXPECT_EQ(row[2], "");
    }
  }
  EXPECT_EQ(cases.size(), 24U);
  for (const auto& [name, sum] : sums) EXPECT_NEAR(sum, 1, 1e-5) << name;
  EXPECT_TRUE(nlohmann::json::accept(slurp(out + "/predictions.json")));
}

TEST_F(Predict, OneCaseFromTheCommandLine) {
  const auto manifest = core::read_table(cohort() / "cohort.csv");
  const size_t flair = manifest.require("flair"), seg = manifest.require("seg");
  for (const auto& row : manifest.rows) {
    if (row[flair].empty()) continue;
    const Outcome outcome =
        run_program({"predict", run(), "--input", "mri.flair=" + (cohort() / row[flair]).string(), "--input",
                     "mri.seg=" + (cohort() / row[seg]).string(), "--json", "--quiet"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_TRUE(nlohmann::json::accept(outcome.out)) << outcome.out;
    EXPECT_THAT(outcome.out, HasSubstr("genotype"));
    return;
  }
  FAIL() << "no case has a FLAIR";
}

TEST_F(Predict, EvaluateNewCases) {
  const std::string out = (folder_ / "out").string();
  const Outcome outcome = run_program(
      {"evaluate", run(), "--cases", (cohort() / "cohort.csv").string(), "--out", out, "--quiet"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto table = core::read_table(out + "/metrics.csv");
  EXPECT_THAT(table.columns, ElementsAre("head", "metric", "group", "value", "low", "high", "n"));
  std::set<std::string> seen;
  for (const auto& row : table.rows)
    if (row[2] == "all") seen.insert(row[0] + "/" + row[1]);
  EXPECT_TRUE(seen.contains("genotype/auroc"));
  EXPECT_TRUE(seen.contains("genotype/auprc"));
  EXPECT_TRUE(seen.contains("genotype/balanced_accuracy"));
  EXPECT_TRUE(seen.contains("os/c_index"));
  EXPECT_TRUE(std::filesystem::exists(out + "/report.html"));
  // 18 of these 24 cases trained or validated the model: said, not hidden.
  EXPECT_THAT(outcome.err, HasSubstr("18 of the 24 cases"));
  EXPECT_THAT(slurp(out + "/report.html"), HasSubstr("18 of the 24 cases"));
}

TEST_F(Predict, EvaluateTakesOverridesOfTheModelAndOfTheScores) {
  const auto evaluate = [&](const std::string& override) {
    return run_program({"evaluate", run(), "--cases", (cohort() / "cohort.csv").string(), "--out",
                        (folder_ / "scores").string(), "--quiet", "cohort.on_bad_case=skip", override});
  };
  const Outcome outcome = evaluate("evaluate.confidence=none");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto table = core::read_table(folder_ / "scores/metrics.csv");
  ASSERT_FALSE(table.rows.empty());
  for (const auto& row : table.rows) EXPECT_EQ(row[4] + row[5], "") << row[1];
  const Outcome wrong = evaluate("evaluate.confidence=some");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("evaluate.confidence: `some` is not a valid value"));
}

TEST_F(Predict, ImagesArePreparedAsAtTraining) {
  const auto predict = [&](const std::vector<std::string>& overrides) {
    std::vector<std::string> arguments{
        "predict", run(), "--cases", (cohort() / "cohort.csv").string(), "--out", (folder_ / "out").string()};
    arguments.insert(arguments.begin() + 2, overrides.begin(), overrides.end());
    return run_program(arguments);
  };
  const Outcome other = predict(
      {"inputs.mri.preprocess.spacing=[5, 6, 6]", "inputs.mri.preprocess.normalize={method: percentile}"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err,
              AllOf(HasSubstr("inputs.mri.preprocess.spacing is `[5, 6, 6]` and was `[6, 6, 6]`"),
                    HasSubstr("inputs.mri.preprocess.normalize.method is `percentile` and was `zscore`")));
  EXPECT_EQ(predict({"inputs.mri.preprocess.spacing=[6, 6, 6]"}).exit_code, 0);
}

TEST_F(Predict, BadInputsAreNamed) {
  EXPECT_THAT(run_program({"predict", run(), "--input", "mri.flare=x.nii.gz"}).err, HasSubstr("flair"));
  const Outcome gone = run_program({"predict", run(), "--input", "mri.flair=gone.nii.gz"});
  EXPECT_EQ(gone.exit_code, 3);
  EXPECT_THAT(gone.err, HasSubstr("gone.nii.gz"));
  const Outcome not_a_run =
      run_program({"predict", cohort().string(), "--cases", (cohort() / "cohort.csv").string(), "--out",
                   (folder_ / "out").string()});
  EXPECT_NE(not_a_run.exit_code, 0);
  EXPECT_THAT(not_a_run.err, HasSubstr("config.yaml"));
}

}  // namespace
}  // namespace photo51::test

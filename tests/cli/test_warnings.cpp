// What is odd about a file reaches the user in every command that reads it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "support/odd_nifti.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The phantom cohort with FLAIR images whose sform and qform disagree.
class WarningsReachTheUser : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto table = core::read_table(cohort() / "cohort.csv");
    const size_t flair = table.require("flair"), seg = table.require("seg"),
                 patient = table.require("patient"), expression = table.require("expression");
    std::string text = core::csv_row(table.columns);
    for (auto row : table.rows) {
      for (const size_t column : {seg, expression})
        if (!row[column].empty()) row[column] = (cohort() / row[column]).string();
      if (!row[flair].empty()) {
        const std::string name = row[patient] + ".nii";
        imaging::write_nifti(imaging::read_volume(cohort() / row[flair]), folder_ / name);
        make_odd(folder_ / name);
        row[flair] = name;
        odd_.push_back(row[patient]);
        if (image_.empty()) image_ = (folder_ / name).string(), mask_ = row[seg];
      }
      text += core::csv_row(row);
    }
    core::write_file_atomic(folder_ / "cohort.csv", text);
  }
  std::string manifest() const { return (folder_ / "cohort.csv").string(); }
  std::vector<std::string> training(const std::string& run) const {
    return {"train",
            tiny_config().string(),
            manifest_override(folder_ / "cohort.csv"),
            "cohort.cache.folder=" + (folder_ / "cache").string(),
            "train.epochs=1",
            "--out",
            (folder_ / run).string(),
            "--quiet"};
  }
  /// Who has a warning, by the file; all of them, each once.
  void expect_all(const std::filesystem::path& file, size_t least = 0) const {
    const auto table = core::read_table(file);
    EXPECT_THAT(table.columns, ElementsAre("case", "input", "file", "warning"));
    std::set<std::string> cases;
    for (const auto& row : table.rows) {
      EXPECT_TRUE(cases.insert(row[0]).second) << row[0];
      EXPECT_EQ(row[1], "mri");
      EXPECT_EQ(row[2], (folder_ / (row[0] + ".nii")).string());
      EXPECT_THAT(row[3], HasSubstr(odd_words));
    }
    if (least == 0)
      EXPECT_EQ(cases, (std::set<std::string>{odd_.begin(), odd_.end()}));
    else
      EXPECT_GE(cases.size(), least);
  }
  void expect_in_json(const std::string& text) const {
    size_t with = 0;
    for (const auto& entry : nlohmann::json::parse(text)) {
      if (!entry.contains("warnings")) continue;
      ++with;
      EXPECT_THAT(entry["warnings"].at(0).get<std::string>(),
                  AllOf(HasSubstr("input mri"), HasSubstr(odd_words)));
    }
    EXPECT_GT(with, 0U);
  }

  TemporaryFolder folder_;
  std::vector<std::string> odd_;
  std::string image_, mask_;
};

TEST_F(WarningsReachTheUser, OfTrainPredictAndEvaluate) {
  const Outcome trained = run_program(training("run"));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, AllOf(HasSubstr(odd_words), HasSubstr("more file(s) with")));
  size_t lines = 0;
  for (size_t at = trained.err.find(odd_words); at != std::string::npos;
       at = trained.err.find(odd_words, at + 1))
    ++lines;
  EXPECT_EQ(lines, 4U) << trained.err;  // three cases and how many more
  const auto run = folder_ / "run";
  expect_all(run / "warnings.csv");
  expect_in_json(slurp(run / "predictions.json"));
  EXPECT_THAT(slurp(run / "report.html"), AllOf(HasSubstr("What was odd about files"), HasSubstr(odd_words)));

  // Another run takes the images from the cache, and their warnings with them.
  const Outcome cached = run_program(training("cached"));
  ASSERT_EQ(cached.exit_code, 0) << cached.err;
  EXPECT_EQ(slurp(folder_ / "cached/warnings.csv"), slurp(run / "warnings.csv"));

  // A fold that was finished before the run was stopped reads nothing again.
  std::filesystem::remove(folder_ / "cached/predictions.csv");
  auto again = training("cached");
  again.emplace_back("--resume");
  const Outcome resumed = run_program(again);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(slurp(folder_ / "cached/warnings.csv"), slurp(run / "warnings.csv"));

  const Outcome predicted = run_program(
      {"predict", run.string(), "--cases", manifest(), "--out", (folder_ / "out").string(), "--quiet"});
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_THAT(predicted.err, HasSubstr(odd_words));
  expect_all(folder_ / "out/warnings.csv");
  expect_in_json(slurp(folder_ / "out/predictions.json"));

  const std::vector<std::string> one{"predict", run.string(),       "--input", "mri.flair=" + image_,
                                     "--input", "mri.seg=" + mask_, "--json",  "--quiet"};
  const Outcome single = run_program(one);
  ASSERT_EQ(single.exit_code, 0) << single.err;
  EXPECT_THAT(single.err, HasSubstr(odd_words));
  expect_in_json(single.out);
  auto strictly = one;
  strictly.emplace_back("cohort.strict=true");
  const Outcome refused = run_program(strictly);
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, AllOf(HasSubstr(image_), HasSubstr(odd_words), HasSubstr("cohort.strict")));

  const Outcome scored = run_program(
      {"evaluate", run.string(), "--cases", manifest(), "--out", (folder_ / "scored").string(), "--quiet"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  expect_all(folder_ / "scored/warnings.csv");
  EXPECT_THAT(slurp(folder_ / "scored/report.html"), HasSubstr(odd_words));
  // Scored again, the run's own report keeps them.
  ASSERT_EQ(run_program({"evaluate", run.string(), "--quiet"}).exit_code, 0);
  EXPECT_THAT(slurp(run / "report.html"), HasSubstr(odd_words));
}

TEST_F(WarningsReachTheUser, OfDoctorWhichCountsThem) {
  const Outcome outcome =
      run_program({"doctor", tiny_config().string(), manifest_override(folder_ / "cohort.csv"), "--quiet"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("warning  files"), HasSubstr(odd_words)));
}

TEST_F(WarningsReachTheUser, OfRadiomicsOneImageOrMany) {
  const Outcome one = run_program({"radiomics", image_, mask_, "--format", "json"});
  ASSERT_EQ(one.exit_code, 0) << one.err;
  EXPECT_THAT(one.err, AllOf(HasSubstr(image_), HasSubstr(odd_words)));
  EXPECT_THAT(nlohmann::json::parse(one.out)["warnings"].at(0).get<std::string>(), HasSubstr(odd_words));
  core::write_file_atomic(folder_ / "regions.csv", "image,mask\n" + image_ + "," + mask_ + "\n");
  const Outcome many = run_program({"radiomics", "--cases", (folder_ / "regions.csv").string(), "--out",
                                    (folder_ / "features.csv").string(), "--quiet"});
  ASSERT_EQ(many.exit_code, 0) << many.err;
  EXPECT_THAT(many.err, HasSubstr(odd_words));
  const auto provenance = nlohmann::json::parse(slurp(folder_ / "features.json"));
  EXPECT_THAT(provenance["cases"].at(0)["warnings"].at(0).get<std::string>(), HasSubstr(odd_words));
}

TEST_F(WarningsReachTheUser, StrictTrainingRefusesAndNamesCaseAndFile) {
  auto strict = training("strict");
  strict.emplace_back("cohort.strict=true");
  const Outcome outcome = run_program(strict);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("case "), HasSubstr("input mri"), HasSubstr(".nii"), HasSubstr(odd_words)));
}

}  // namespace
}  // namespace photo51::test

// A config that `plan` writes is one that `train` and `doctor` take as it is.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"

namespace photo51::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Plan : public ::testing::Test {
 protected:
  /// Some columns of the phantom cohort, in a manifest of their own.
  fs::path manifest_of(const std::vector<std::string>& columns) const {
    const core::Table table = core::read_table(cohort() / "cohort.csv");
    std::string text = core::csv_row(columns);
    for (const auto& row : table.rows) {
      std::vector<std::string> cells;
      for (const auto& column : columns) cells.push_back(row[table.require(column)]);
      text += core::csv_row(cells);
    }
    core::write_file_atomic(folder_ / "mine.csv", text);
    return folder_ / "mine.csv";
  }
  fs::path config() const { return folder_ / "plan.yaml"; }
  TemporaryFolder folder_;
};

TEST_F(Plan, TrainsUnchanged) {
  const fs::path manifest = manifest_of({"patient", "site", "sex", "flair", "seg", "expression", "genotype"});
  const Outcome planned = run_program({"plan", manifest.string(), "--data-root", cohort().string(), "--out",
                                       config().string(), "--memory", "0.01", "--json", "--quiet"});
  ASSERT_EQ(planned.exit_code, 0) << planned.err;
  const auto said = nlohmann::json::parse(planned.out);
  EXPECT_THAT(said["inputs"].dump(),
              AllOf(HasSubstr("mri: mri, flair"), HasSubstr("expression: omics, expression"),
                    HasSubstr("clinical: clinical, sex")));
  EXPECT_THAT(said["heads"].dump(), HasSubstr("genotype: binary, two words"));
  const Outcome trained =
      run_program({"train", config().string(), "--out", (folder_ / "run").string(), "--quiet"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err << slurp(config());
  EXPECT_TRUE(fs::exists(folder_ / "run" / "report.html"));
}

TEST_F(Plan, EveryModalityOfThePhantomIsFound) {
  const fs::path manifest = cohort() / "cohort.csv";
  const Outcome planned =
      run_program({"plan", manifest.string(), "--out", config().string(), "--memory", "0.3"});
  ASSERT_EQ(planned.exit_code, 0) << planned.err;
  for (const char* input :
       {"input     mri: mri, t1c, flair", "input     ct: ct, ct", "input     pet: pet, pet",
        "input     mammography: mammography, mg_lcc, mg_lmlo, mg_rcc, mg_rmlo",
        "input     ultrasound: ultrasound, us", "input     histopathology: histopathology, wsi",
        "input     expression: omics, expression", "input     mutations: omics, mutations"})
    EXPECT_THAT(planned.out, HasSubstr(input));
  for (const char* head : {"head      genotype: binary", "head      survival: survival"})
    EXPECT_THAT(planned.out, HasSubstr(head));
  const Outcome doctor = run_program({"doctor", config().string()});
  EXPECT_EQ(doctor.exit_code, 0) << doctor.out << doctor.err << slurp(config());
}

TEST_F(Plan, ErrorsNameFileColumnAndRemedy) {
  const fs::path manifest = manifest_of({"patient", "flair", "genotype"});
  const Outcome lost = run_program({"plan", manifest.string()});
  EXPECT_EQ(lost.exit_code, 3);
  EXPECT_THAT(lost.err,
              AllOf(HasSubstr("mine.csv:2: column `flair`: there is no file"), HasSubstr("--data-root")));
  const Outcome missing = run_program({"plan", (folder_ / "gone.csv").string()});
  EXPECT_EQ(missing.exit_code, 3);
  const std::vector<std::string> base{"plan", manifest.string(), "--data-root", cohort().string()};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return run_program(more);
  };
  const Outcome half = with({"--input", "flair"});
  EXPECT_EQ(half.exit_code, 2);
  EXPECT_THAT(half.err, HasSubstr("--input flair: takes COLUMN=MODALITY"));
  core::write_file_atomic(config(), "mine\n");
  const Outcome kept = with({"--out", config().string()});
  EXPECT_EQ(kept.exit_code, 2);
  EXPECT_THAT(kept.err, AllOf(HasSubstr("plan.yaml: is there already"), HasSubstr("--overwrite")));
  EXPECT_EQ(slurp(config()), "mine\n");
  EXPECT_EQ(with({"--out", config().string(), "--overwrite", "--quiet"}).exit_code, 0);
  const Outcome segmented = run_program({"plan", manifest_of({"patient", "flair", "seg"}).string(),
                                         "--data-root", cohort().string(), "--label", "seg=segmentation"});
  EXPECT_EQ(segmented.exit_code, 0) << segmented.err;
  EXPECT_THAT(segmented.out, AllOf(HasSubstr("task: segmentation"), HasSubstr("patch: {size:")));
  manifest_of({"patient", "flair", "genotype"});
  const Outcome printed = with({"--label", "genotype", "--quiet"});
  EXPECT_EQ(printed.exit_code, 0) << printed.err;
  EXPECT_THAT(printed.out, AllOf(HasSubstr("genotype: {task: binary"), HasSubstr("# two words: ")));
}

}  // namespace
}  // namespace photo51::test

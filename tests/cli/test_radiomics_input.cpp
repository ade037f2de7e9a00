// A model of radiomic features: trained, applied to many cases and to one, and what is said of a wrong
// config.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/table.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<std::string> train_radiomics(const std::filesystem::path& run,
                                         std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"train",
                                     (source_dir() / "tests" / "cli" / "radiomics_input.yaml").string(),
                                     manifest_override(), "--out", run.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(RadiomicsInput, TrainsAndPredicts) {
  const TemporaryFolder folder;
  const Outcome trained = run_program(train_radiomics(folder / "run"));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  for (const char* filter : {"filter.reliability keeps", "filter.variance keeps", "filter.correlation keeps"})
    EXPECT_THAT(trained.err, HasSubstr(filter));

  const std::string out = (folder / "out").string(), run = (folder / "run").string();
  const Outcome many =
      run_program({"predict", run, "--cases", (cohort() / "cohort.csv").string(), "--out", out, "--quiet"});
  ASSERT_EQ(many.exit_code, 0) << many.err;
  const auto predictions = core::read_table(out + "/predictions.csv");
  const auto manifest = core::read_table(cohort() / "cohort.csv");
  for (const auto& row : manifest.rows) {
    const std::string &flair = row[manifest.require("flair")], &t1c = row[manifest.require("t1c")],
                      &seg = row[manifest.require("seg")];
    if (flair.empty() || t1c.empty() || seg.empty()) continue;
    const Outcome one = run_program({"predict", run, "--input", "rad.flair=" + (cohort() / flair).string(),
                                     "--input", "rad.t1c=" + (cohort() / t1c).string(), "--input",
                                     "rad.seg=" + (cohort() / seg).string(), "--input",
                                     "site=" + row[manifest.require("site")], "--json", "--quiet"});
    ASSERT_EQ(one.exit_code, 0) << one.err;
    ASSERT_TRUE(nlohmann::json::accept(one.out)) << one.out;
    size_t same = 0;  // as from the manifest
    for (const auto& line : predictions.rows)
      if (line[0] == row[manifest.require("patient")] && line[2] == "1") {
        EXPECT_THAT(one.out, HasSubstr(line[3]));
        ++same;
      }
    EXPECT_EQ(same, 1U);
    return;
  }
  FAIL() << "no case has everything";
}

TEST(RadiomicsInput, AWrongConfigIsNamed) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(train_radiomics(folder / "run", {"inputs.rad.profile=ibsi_ct_f"}));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("inputs.rad.profile"), HasSubstr("ibsi_ct_")));
  EXPECT_THAT(run_program(train_radiomics(folder / "run", {"inputs.rad.mask=~"})).err,
              HasSubstr("radiomic features need the mask of their region"));
}

}  // namespace
}  // namespace photo51::test

#include "photo51/report/build_report.hpp"

#include <gmock/gmock.h>

#include "photo51/core/error.hpp"
#include "photo51/core/table.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::report {
namespace {

using ::testing::HasSubstr;

TEST(Gather, WritesTheReportOfARun) {
  const test::TabularCohort cohort;
  cohort.config("", "idh: {task: binary}, os: {task: survival}",
                "by: site, hold_out: [C], folds: 2, seed: 1");
  const auto run = cohort.run("glioma", {"train.epochs=3"});
  const std::string before = core::read_file(run / "metrics.csv");
  const auto metrics = write_run_report(run);
  EXPECT_EQ(core::read_file(run / "metrics.csv"), before) << "the same options score the same";
  const std::string page = core::read_file(run / "report.html");
  for (const char* text : {"glioma", "idh", "os", "x1, x2, x3", "snn", "<svg", "</html>"})
    EXPECT_THAT(page, HasSubstr(text));
  EXPECT_FALSE(metrics.empty());
  // Ids are on it when they are asked for.
  const std::string first = core::read_table(run / "predictions.csv").rows[0][0];
  EXPECT_THAT(page, ::testing::Not(HasSubstr(first)));
  write_run_report(run, {"evaluate.report_ids=true"});
  const std::string named = core::read_file(run / "report.html");
  size_t listed = 0;
  for (const auto& row : core::read_table(run / "cases.csv").rows)
    listed += named.find(row[0]) == std::string::npos ? 0 : 1;
  EXPECT_GT(listed, 0U);
  // Other groups and confidence on request.
  write_run_report(run,
                   {"evaluate.groups=[]", "evaluate.confidence=bootstrap", "evaluate.bootstrap_samples=50"});
  const auto table = core::read_table(run / "metrics.csv");
  for (const auto& row : table.rows) {
    EXPECT_TRUE(row[2] == "all" || row[2] == "cross_validation") << row[2];
    EXPECT_FALSE(row[4].empty()) << "an interval";
  }
}

TEST(Gather, CurvesComeFromTheLog) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "log.jsonl")
      << R"({"fold": 0, "repeat": 0, "epoch": 1, "loss": 0.75, "validation_loss": null})"
      << "\n"
      << R"({"fold": 0, "repeat": 0, "epoch": 2, "loss": 0.5, "validation_loss": 0.625})"
      << "\n"
      << R"({"fold": 0, "repeat": 1, "epoch": 1, "loss": 0.25, "validation_loss": 1})"
      << "\n"
      << R"({"fold": 1, "repe)";
  const auto curves = training_curves(folder / "log.jsonl");
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_EQ(curves[0].name, "fold 0");
  EXPECT_THAT(curves[0].training_loss, ::testing::ElementsAre(0.75, 0.5));
  EXPECT_TRUE(std::isnan(curves[0].validation_loss[0]));
  EXPECT_EQ(curves[0].validation_loss[1], 0.625);
  EXPECT_EQ(curves[1].name, "fold 0, repeat 1");
}

TEST(Gather, ALogOfOtherTypesDrawsWhatItHas) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "log.jsonl")
      << R"({"fold": "x", "repeat": [1], "loss": "high", "validation_loss": 0.5})"
      << "\n[1]\n7\n"
      << R"({"fold": 1, "repeat": 1e300, "loss": 0.25})"
      << "\n"
      << std::string(100'000, '[') << "\n";
  const auto curves = training_curves(folder / "log.jsonl");
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_EQ(curves[0].name, "fold 0");
  EXPECT_TRUE(std::isnan(curves[0].training_loss[0]));
  EXPECT_EQ(curves[0].validation_loss[0], 0.5);
  EXPECT_EQ(curves[1].name, "fold 1");
}

TEST(Gather, RefusesWhatIsNoFinishedRun) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(write_run_report(folder / "nowhere"), core::Error);
}

}  // namespace
}  // namespace photo51::report

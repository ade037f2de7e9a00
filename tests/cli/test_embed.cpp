// photo51 embed: several processes share a folder, bad cases, exit codes.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/table.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A run on the phantom, whose volumes its encoder embeds.
class EmbedCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const Outcome trained = run_program({"train", tiny_config().string(), manifest_override(),
                                         "train.epochs=1", "--out", (folder_ / "run").string(), "--quiet"});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  std::vector<std::string> arguments(const std::filesystem::path& manifest, const std::string& out) const {
    return {"embed", (folder_ / "run").string(), "--cases", manifest.string(),
            "--out", (folder_ / out).string(),   "--json"};
  }
  static nlohmann::json said(const std::string& out) {
    return nlohmann::json::parse(out.substr(0, out.find('\n')), nullptr, false);
  }
  TemporaryFolder folder_;
};

TEST_F(EmbedCommand, ProcessesShareAFolder) {
  std::vector<TemporaryFolder> outputs(3);
  std::vector<pid_t> processes;
  for (const auto& output : outputs)
    processes.push_back(start_program(arguments(cohort() / "cohort.csv", "out"), output.path()));
  for (const pid_t process : processes) EXPECT_EQ(wait_for(process), 0);
  int64_t written = 0;
  for (const auto& output : outputs) {
    const auto counts = said(slurp(output / "stdout.txt"));
    ASSERT_TRUE(counts.is_object()) << slurp(output / "stderr.txt");
    written += counts["written"].get<int64_t>();
    EXPECT_EQ(
        counts["written"].get<int64_t>() + counts["there"].get<int64_t>() + counts["absent"].get<int64_t>(),
        24);
  }
  const auto manifest = core::read_table(folder_ / "out/manifest.csv");
  const size_t column = manifest.require("mri_features");
  int64_t named = 0;
  for (const auto& row : manifest.rows) {
    if (row[column].empty()) continue;
    ++named;
    EXPECT_TRUE(std::filesystem::exists(folder_ / ("out/" + row[column]))) << row[column];
  }
  EXPECT_EQ(written, named);  // nobody computed a case twice
  EXPECT_GT(named, 0);
  // The genes have no images.
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/genes"));
}

TEST_F(EmbedCommand, ABadCaseIsReportedAndTheOthersGoOn) {
  const auto table = core::read_table(cohort() / "cohort.csv");
  const size_t flair = table.require("flair");
  std::ofstream broken(folder_ / "broken.csv");
  broken << core::csv_row(table.columns);
  for (size_t row = 0; row < 3; ++row) {
    auto cells = table.rows[row];
    for (auto& cell : cells)
      if (std::filesystem::exists(cohort() / cell) && !cell.empty()) cell = (cohort() / cell).string();
    if (row == 1) cells[flair] = "nowhere.nii.gz";
    broken << core::csv_row(cells);
  }
  broken.close();
  const Outcome outcome = run_program(arguments(folder_ / "broken.csv", "out"));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("1 case(s) could not be embedded"), HasSubstr("nowhere.nii.gz")));
  EXPECT_EQ(said(outcome.out)["failed"], 1);
}

TEST_F(EmbedCommand, CommandLinesThatAreWrong) {
  const auto fails = [&](std::vector<std::string> more, const std::string& why) {
    auto all = arguments(cohort() / "cohort.csv", "out");
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(why));
  };
  fails({"--input", "genes"}, "--input genes");
  fails({"--format", "npz"}, "--format");
  const Outcome into_run =
      run_program({"embed", (folder_ / "run").string(), "--cases", (cohort() / "cohort.csv").string(),
                   "--out", (folder_ / "run").string()});
  EXPECT_EQ(into_run.exit_code, 2);
}

}  // namespace
}  // namespace photo51::test

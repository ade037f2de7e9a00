// Inputs that were made to hang, to fill the memory or to command the reader's terminal.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/table.hpp"

namespace photo51::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Hostile : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void fifo(const std::string& name) const { ASSERT_EQ(::mkfifo(path(name).c_str(), 0600), 0); }
  /// A config on the table `cohort.csv`.
  void config(const std::string& manifest = "cohort.csv") const {
    write("config.yaml",
          "cohort: {manifest: " + manifest +
              ", split: {folds: 2, seed: 1}}\n"
              "inputs: {table: {modality: clinical, columns: [a, b]}}\n"
              "model: {encoders: {table: {name: snn, hidden: [4]}}, heads: {idh: {task: binary}}}\n"
              "train: {epochs: 1, batch_size: 8, workers: 0, threads: 1}\n"
              "evaluate: {confidence: none}\n");
  }
  static std::string table(const std::string& more_columns = "", const std::string& more_cells = "",
                           const std::string& prefix = "P") {
    std::string text = "patient,a,b,idh" + more_columns + "\n";
    for (int i = 0; i < 24; ++i)
      text += prefix + std::to_string(i) + "," + std::to_string((i * 7) % 11) + "," +
              std::to_string((i * 5) % 13) + "," + std::to_string(i % 2) + more_cells + "\n";
    return text;
  }
  Outcome train(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"train", path("config.yaml"), "--out", path("run"), "--quiet"});
    return run_program(more);
  }
  TemporaryFolder folder_;
};

/// One line that a terminal only shows.
void expect_one_plain_line(const std::string& text) {
  ASSERT_TRUE(text.ends_with('\n')) << text;
  EXPECT_TRUE(core::is_plain(std::string_view(text).substr(0, text.size() - 1))) << text;
}

TEST_F(Hostile, PipesAndDevicesAreNeverWaitedFor) {
  fifo("pipe");
  config("pipe");
  Outcome outcome = train();
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("pipe: is not a regular file but a pipe"));
  outcome = run_program({"inspect", path("pipe")});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("is not a regular file but a pipe"));
  for (const std::string& base : {path("pipe"), std::string("/dev/zero"), std::string("/dev/tty")}) {
    write("extends.yaml", "extends: " + base + "\n");
    outcome = run_program({"train", path("extends.yaml"), "--out", path("run")});
    EXPECT_EQ(outcome.exit_code, 2) << base;
    EXPECT_THAT(outcome.err, HasSubstr("not a regular file"));
  }
  EXPECT_EQ(run_program({"train", path("pipe"), "--out", path("run")}).exit_code, 2);
  EXPECT_EQ(run_program({"doctor", path("pipe")}).exit_code, 2);
  EXPECT_EQ(run_program({"spots", path("pipe"), "--out", path("spots")}).exit_code, 3);
  EXPECT_EQ(run_program({"radiomics", path("pipe"), path("pipe")}).exit_code, 3);
  EXPECT_EQ(run_program({"radiomics", "--cases", path("pipe"), "--out", path("f.csv")}).exit_code, 3);
  EXPECT_EQ(run_program({"radiomics", path("pipe"), path("pipe"), "--config", path("pipe")}).exit_code, 2);
}

TEST_F(Hostile, ATableThatUnpacksWithoutEndIsRefused) {
  ASSERT_EQ(
      std::system(("head -c 300000000 /dev/zero | tr '\\0' 'a' | gzip -9 >" + path("bomb.csv.gz")).c_str()),
      0);
  config("bomb.csv.gz");
  const Outcome outcome = train();
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("bomb.csv.gz: unpacks to more than 500 times its size"));
}

TEST_F(Hostile, AManifestOfThreeHundredThousandColumnsTrains) {
  std::string columns, cells;
  for (int i = 0; i < 300'000; ++i) {
    columns += ",c" + std::to_string(i);
    cells += ",x";
  }
  write("cohort.csv", table(columns, cells));
  config();
  const Outcome outcome = train();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err.substr(0, 2000);
}

TEST_F(Hostile, NamesThatCommandTheTerminalAreShown) {
  const std::string odd =
      "a\x1B[2J\nphoto51: forged\xC2\x9B"
      "31m K\xF6ln.nii";
  write(odd, "no image");
  Outcome outcome = run_program({"inspect", path(odd)});
  EXPECT_EQ(outcome.exit_code, 3);
  expect_one_plain_line(outcome.err);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("a\\x1b[2J\\nphoto51: forged\\x9b31m K\\xf6ln.nii"),
                                 Not(HasSubstr("\x1B")), Not(HasSubstr("\xC2\x9B"))));
  outcome = run_program({"inspect", "--json", path(odd)});
  EXPECT_EQ(outcome.exit_code, 3);
  expect_one_plain_line(outcome.out);
  expect_one_plain_line(outcome.err);
  EXPECT_THAT(nlohmann::json::parse(outcome.out).at("path").get<std::string>(), HasSubstr("K\xEF\xBF\xBDln"));
  EXPECT_EQ(nlohmann::json::parse(outcome.err).at("exit_code"), 3);
  outcome = run_program({"train", path("absent\x1B[2J.yaml"), "--out", path("run")});
  EXPECT_EQ(outcome.exit_code, 2);
  expect_one_plain_line(outcome.err);
  outcome = run_program({"\x1B[2J\n"});
  EXPECT_EQ(outcome.exit_code, 2);
  expect_one_plain_line(outcome.err);
}

TEST_F(Hostile, ControlCharactersInIdsAreRefusedWithTheirLine) {
  write("cohort.csv", table("", "", "P\x1B"));
  config();
  const Outcome outcome = train();
  EXPECT_EQ(outcome.exit_code, 3);
  expect_one_plain_line(outcome.err);
  EXPECT_THAT(outcome.err,
              HasSubstr("cohort.csv:2: column `patient`: the id `P\\x1b0` holds a control character"));
}

TEST_F(Hostile, FormulasInIdsAreGuardedAndReadBack) {
  write("cohort.csv", table("", "", "=cmd|' /C calc'!A"));
  config();
  ASSERT_EQ(train().exit_code, 0);
  for (const char* file : {"cases.csv", "predictions.csv"}) {
    const std::string text = slurp(folder_ / "run" / file);
    EXPECT_THAT(text, AllOf(HasSubstr("\n'=cmd|"), Not(HasSubstr("\n=cmd|")))) << file;
    const auto read = core::read_table(folder_ / "run" / file);
    EXPECT_THAT(read.rows.at(0).at(0), ::testing::StartsWith("=cmd|' /C calc'!A"));
  }
  EXPECT_EQ(run_program({"evaluate", path("run"), "--quiet"}).exit_code, 0)
      << "the ids are those of the manifest";
}

TEST_F(Hostile, StateOfOtherTypesIsADataError) {
  write("cohort.csv", table());
  config();
  ASSERT_EQ(train().exit_code, 0);
  for (const char* wrong : {"[1]", "7", "{\"secret\": ", "{\"predictions.csv\": [\"secret\"]}"}) {
    write("run/result_hashes.json", wrong);
    const Outcome outcome = run_program({"evaluate", path("run"), "--quiet"});
    EXPECT_EQ(outcome.exit_code, 3) << wrong;
    expect_one_plain_line(outcome.err);
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("run"), Not(HasSubstr("secret")), Not(HasSubstr("json.exception"))));
  }
}

}  // namespace
}  // namespace photo51::test

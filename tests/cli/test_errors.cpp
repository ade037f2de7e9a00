// What a user gets for bad input: the exit code, and a message that names file, field and remedy.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "cli/program.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The cohort's manifest with one cell or column changed, beside links to the cohort's files.
class ChangedCohort {
 public:
  ChangedCohort() {
    for (const auto& entry : std::filesystem::directory_iterator(cohort()))
      if (entry.path().filename() != "cohort.csv")
        std::filesystem::create_directory_symlink(entry.path(), folder_ / entry.path().filename().string());
    std::istringstream text(slurp(cohort() / "cohort.csv"));
    for (std::string line; std::getline(text, line);) {
      std::vector<std::string> cells;
      std::istringstream row(line + ",");
      for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
      rows_.push_back(cells);
    }
  }
  size_t column(const std::string& name) const {
    const auto at = std::find(rows_[0].begin(), rows_[0].end(), name);
    EXPECT_NE(at, rows_[0].end()) << "the phantom has no column " << name;
    return static_cast<size_t>(at - rows_[0].begin());
  }
  void set_all(const std::string& name, const std::string& value) {
    for (size_t row = 1; row < rows_.size(); ++row) rows_[row][column(name)] = value;
  }
  /// The first row that has a value in this column; returns the old value.
  std::string replace_first(const std::string& name, const std::string& value) {
    for (size_t row = 1; row < rows_.size(); ++row)
      if (!rows_[row][column(name)].empty()) return std::exchange(rows_[row][column(name)], value);
    ADD_FAILURE() << "the column " << name << " is empty";
    return "";
  }
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  std::filesystem::path manifest() const {
    std::ofstream file(folder_ / "cohort.csv");
    for (const auto& row : rows_)
      for (size_t i = 0; i < row.size(); ++i) file << row[i] << (i + 1 < row.size() ? "," : "\n");
    return folder_ / "cohort.csv";
  }

 private:
  TemporaryFolder folder_;
  std::vector<std::vector<std::string>> rows_;
};

Outcome train(const std::filesystem::path& manifest, std::vector<std::string> more = {}) {
  const TemporaryFolder out;
  std::vector<std::string> arguments{"train", tiny_config().string(), manifest_override(manifest),
                                     "--out", (out / "run").string(), "--quiet"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(arguments);
}

TEST(Errors, MisspeltKeyNamesTheNearest) {
  const Outcome outcome = train(cohort() / "cohort.csv", {"train.epoch=1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("train.epoch"), HasSubstr("epochs")));
}

TEST(Errors, UnknownCommandAndMissingConfig) {
  EXPECT_EQ(run_program({"trian"}).exit_code, 2);
  const Outcome outcome = run_program({"train", "nowhere.yaml", "--out", "run"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("nowhere.yaml"));
}

TEST(Errors, OptionsThatGoTogetherOrExcludeEachOther) {
  const auto refuse = [](const std::vector<std::string>& arguments, const std::string& words) {
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
  };
  const std::string either = "give either --cases MANIFEST or --input NAME.CHANNEL=FILE";
  refuse({"predict", "run"}, either);
  refuse({"predict", "run", "--input", "mri.flair=x.nii", "--cases", "cases.csv"}, either);
  refuse({"predict", "run", "--cases", "cases.csv"}, "--cases needs --out, the folder for predictions.csv");
  refuse({"predict", "run", "--input", "mri.flair=x.nii", "--data-root", "data"},
         "--data-root goes with --cases; --input takes whole paths");
  refuse({"evaluate", "run", "--out", "out"}, "--out goes with --cases; without it the run's own");
  refuse({"evaluate", "run", "--cases", "cases.csv"}, "--cases needs --out, the folder for the metrics");
}

TEST(Errors, MissingManifest) {
  const Outcome outcome = train("no/such/cohort.csv");
  EXPECT_TRUE(outcome.exit_code == 2 || outcome.exit_code == 3) << outcome.exit_code;
  EXPECT_THAT(outcome.err, HasSubstr("no/such/cohort.csv"));
}

TEST(Errors, MissingFileNamesLineAndColumn) {
  ChangedCohort changed;
  changed.replace_first("flair", "images/gone.nii.gz");
  const Outcome outcome = train(changed.manifest());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("cohort.csv:"), HasSubstr("flair"), HasSubstr("gone.nii.gz")));
}

TEST(Errors, TruncatedNifti) {
  ChangedCohort changed;
  const std::string old = changed.replace_first("flair", "truncated.nii.gz");
  const std::string whole = slurp(cohort() / old);
  std::ofstream(changed.path("truncated.nii.gz"), std::ios::binary) << whole.substr(0, whole.size() / 2);
  const Outcome outcome = train(changed.manifest());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("case "), HasSubstr("truncated.nii.gz")));
}

TEST(Errors, LabelColumnThatDoesNotExist) {
  const Outcome outcome = train(cohort() / "cohort.csv", {"model.heads.genotype.label=genotipe"});
  EXPECT_TRUE(outcome.exit_code == 2 || outcome.exit_code == 3) << outcome.exit_code;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("genotipe"), HasSubstr("genotype")));
}

TEST(Errors, CohortWithOneClass) {
  ChangedCohort changed;
  changed.set_all("genotype", "1");
  const Outcome outcome = train(changed.manifest());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("genotype"), HasSubstr("class")));
}

TEST(Errors, AllCensoredSurvivalCohort) {
  ChangedCohort changed;
  changed.set_all("event", "0");
  const Outcome outcome = train(changed.manifest());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("os"), HasSubstr("censored")));
}

TEST(Errors, NotANumberVoxels) {
  ChangedCohort changed;
  const std::string old = changed.replace_first("flair", "nan.nii");
  // An uncompressed float32 NIfTI of 4x4x4 with one NaN, made by hand: header fields by offset.
  std::string nifti(352 + 64 * 4, '\0');
  const auto put = [&](size_t offset, auto value) {
    std::memcpy(nifti.data() + offset, &value, sizeof value);
  };
  put(0, int32_t{348});
  const int16_t dim[8] = {3, 4, 4, 4, 1, 1, 1, 1};
  std::memcpy(nifti.data() + 40, dim, sizeof dim);
  put(70, int16_t{16});
  put(72, int16_t{32});
  for (size_t i = 0; i < 4; ++i) put(76 + 4 * i, 60.0F);
  put(108, 352.0F);
  put(112, 1.0F);
  put(254, int16_t{1});                               // sform
  put(280, 60.0F), put(300, 60.0F), put(320, 60.0F);  // around the mask
  put(292, -90.0F), put(308, -90.0F), put(324, -90.0F);
  std::memcpy(nifti.data() + 344, "n+1", 4);
  for (size_t i = 0; i < 64; ++i) put(352 + 4 * i, static_cast<float>(i));
  put(352, std::nanf(""));
  std::ofstream(changed.path("nan.nii"), std::ios::binary) << nifti;
  const Outcome outcome = train(changed.manifest());
  EXPECT_EQ(outcome.exit_code, 3) << old;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("nan.nii"), ::testing::AnyOf(HasSubstr("NaN"), HasSubstr("finite"))));
}

TEST(Errors, FullDisk) {
  const TemporaryFolder mount_point;
  if (::mount("tmpfs", mount_point.path().c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "needs the right to mount a small file system";
  const Outcome outcome = run_program({"train", tiny_config().string(), manifest_override(), "--out",
                                       (mount_point / "run").string(), "--quiet"});
  ::umount(mount_point.path().c_str());
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("No space left"), HasSubstr("free some space")));
}

TEST(Errors, OutputFolderThatExists) {
  const TemporaryFolder out;
  std::ofstream(out / "something") << "mine";
  const Outcome outcome = run_program(
      {"train", tiny_config().string(), manifest_override(), "--out", out.path().string(), "--quiet"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("--resume"), HasSubstr("--overwrite")));
}

}  // namespace
}  // namespace photo51::test

#include "photo51/data/cohort/check.hpp"

#include <ATen/ATen.h>
#include <sys/stat.h>

#include <numeric>

#include "data/fixture.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/imaging/write.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<int64_t> all_of(const Cohort& cohort) {
  std::vector<int64_t> rows(static_cast<size_t>(cohort.size()));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<std::string> words(const std::vector<BadFile>& bad) {
  std::vector<std::string> all;
  for (const auto& one : bad) all.push_back(one.why);
  return all;
}

class CheckFilesTest : public CohortFolder {
 protected:
  void image(const std::string& name, float level = 0) const {
    imaging::Volume volume;
    volume.data = at::arange(6 * 6 * 6, at::kFloat).view({1, 6, 6, 6}).add(level).contiguous();
    volume.geometry.size = {6, 6, 6};
    imaging::write_nifti(volume, folder_ / name);
  }
  void cut(const std::string& from, const std::string& to, double share) const {
    const std::string whole = core::read_file(folder_ / from);
    write(to, whole.substr(0, static_cast<size_t>(static_cast<double>(whole.size()) * share)));
  }
  /// Missing files are found by the check, not by the cohort.
  Cohort skipping(const std::string& manifest, const Inputs& inputs) const {
    write("cohort.csv", manifest);
    CohortOptions made = options();
    made.on_bad_case = BadCase::skip;
    return Cohort(made, inputs, {});
  }
};

TEST_F(CheckFilesTest, NamesEveryBadFileOfEveryCase) {
  image("a.nii.gz"), image("b.nii", 1);
  cut("b.nii", "cut.nii", 0.5);
  write("words.nii", "words");
  const auto cohort = skipping(
      "patient,t1,flair,seg\nP1,a.nii.gz,b.nii,a.nii.gz\nP2,cut.nii,absent.nii,a.nii.gz\nP3,b.nii,,words."
      "nii\n",
      {{"mri", data::input(image_input({"t1", "flair"}, "seg"))}});
  const auto bad = check_files(cohort, all_of(cohort));
  EXPECT_THAT(
      words(bad),
      ElementsAre(AllOf(HasSubstr("case P2: input mri: channel flair: "), HasSubstr("absent.nii: no such")),
                  AllOf(HasSubstr("case P2: input mri: channel t1: "), HasSubstr("cut.nii: ")),
                  AllOf(HasSubstr("case P3: input mri: mask seg: "), HasSubstr("words.nii: "))));
  EXPECT_EQ(bad[0].row, 1);
  EXPECT_EQ(bad[2].row, 2);
  EXPECT_THAT(check_files(cohort, {0}), IsEmpty());
  EXPECT_THAT(list_of(bad), AllOf(HasSubstr("\n  case P2"), HasSubstr("\n  case P3")));
  EXPECT_THAT(list_of(std::vector<BadFile>(30, bad[0])), HasSubstr("and 10 more"));
}

TEST_F(CheckFilesTest, AFileOfSeveralCasesIsNamedForEach) {
  write("words.nii", "words");
  const auto cohort =
      skipping("patient,t1\nP1,words.nii\nP2,words.nii\n", {{"mri", data::input(image_input({"t1"}))}});
  EXPECT_THAT(words(check_files(cohort, all_of(cohort))),
              ElementsAre(HasSubstr("case P1"), HasSubstr("case P2")));
}

TEST_F(CheckFilesTest, PipesAreRefusedInsteadOfWaitedFor) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo.nii").c_str(), 0600), 0);
  const auto cohort = read("patient,t1\nP1,fifo.nii\n", {{"mri", data::input(image_input({"t1"}))}});
  EXPECT_THAT(words(check_files(cohort, {0})), ElementsAre(HasSubstr("is not a regular file")));
}

TEST_F(CheckFilesTest, ReadingInFullFindsWhatHeadersDoNotSay) {
  image("a.nii.gz"), image("b.nii.gz", 7), image("c.nii.gz", 9);
  cut("a.nii.gz", "cut1.nii.gz", 0.6), cut("b.nii.gz", "cut2.nii.gz", 0.6);
  const auto cohort =
      read("patient,t1,flair\nP1,a.nii.gz,b.nii.gz\nP2,cut1.nii.gz,cut2.nii.gz\nP3,c.nii.gz,cut1.nii.gz\n",
           {{"mri", data::input(image_input({"t1", "flair"}))}});
  EXPECT_THAT(check_files(cohort, all_of(cohort)), IsEmpty());
  EXPECT_THAT(words(read_files(cohort, all_of(cohort))),
              ElementsAre(AllOf(HasSubstr("case P2: input mri: "), HasSubstr("cut2.nii.gz")),
                          AllOf(HasSubstr("case P2: input mri: "), HasSubstr("cut1.nii.gz")),
                          AllOf(HasSubstr("case P3: input mri: "), HasSubstr("cut1.nii.gz"))));
}

TEST_F(CheckFilesTest, HashesAreTakenOnceForAllWhoAsk) {
  image("a.nii.gz"), image("b.nii.gz", 1);
  const auto cohort =
      read("patient,t1\nP1,a.nii.gz\nP2,b.nii.gz\n", {{"mri", data::input(image_input({"t1"}))}});
  hash_files(cohort);
  const std::string before = cohort.file_hash(0, "mri");
  image("a.nii.gz", 5);  // who would read it again would see another file
  EXPECT_EQ(cohort.file_hash(0, "mri"), before);
  EXPECT_NE(cohort.file_hash(1, "mri"), before);
}

TEST_F(CheckFilesTest, AMissingFileOfACaseThatIsLeftOutDoesNotStopHashing) {
  image("a.nii.gz");
  const auto cohort =
      skipping("patient,t1\nP1,a.nii.gz\nP2,absent.nii\n", {{"mri", data::input(image_input({"t1"}))}});
  hash_files(cohort);
  EXPECT_NE(cohort.file_hash(1, "mri"), "");
  EXPECT_NE(cohort.file_hash(1, "mri"), cohort.file_hash(0, "mri"));
}

class LearnableTest : public CohortFolder {};

TEST_F(LearnableTest, EveryClassMustBeThere) {
  const auto cohort = read("patient,kind,y\nP1,a,1\nP2,b,2\nP3,c,3\nP4,a,3\nP5,,3\n", {},
                           {label_spec("kind", "multiclass"), label_spec("y", "regression")});
  check_learnable(cohort, {0, 1, 2}, "all");
  PHOTO51_EXPECT_ERROR(check_learnable(cohort, {0, 1, 3, 4}, "training part of fold 2"), data,
                       AllOf(HasSubstr("head kind: training part of fold 2: no patient is of class `c`"),
                             HasSubstr("a 2, b 1, c 0, 1 unknown"), HasSubstr("stratify: kind")));
  PHOTO51_EXPECT_ERROR(check_learnable(cohort, {0, 3}, "x"), data, HasSubstr("one class, a"));
  const auto values = read("patient,y\nP1,1\nP2,3\nP3,3\n", {}, {label_spec("y", "regression")});
  check_learnable(values, {0, 1, 2}, "all");
  PHOTO51_EXPECT_ERROR(check_learnable(values, {1, 2}, "x"), data, HasSubstr("all 2 known values"));
}

TEST_F(LearnableTest, FoldsOfARareClassAreRefusedBeforeTraining) {
  std::string text = "patient,kind\n";
  for (int i = 0; i < 12; ++i)
    text += "P" + std::to_string(i) + "," + (i == 7 ? "rare" : i % 2 ? "a" : "b") + "\n";
  const auto cohort = read(text, {}, {label_spec("kind", "multiclass")});
  SplitOptions options;
  options.folds = 3;
  PHOTO51_EXPECT_ERROR(split_cohort(cohort, options), data,
                       AllOf(HasSubstr("training part of fold"), HasSubstr("no patient is of class `rare`")));
}

TEST_F(LearnableTest, CountsInWords) {
  auto positive = label_spec("idh", "binary", "idh");
  positive.positive = {"mut"};
  const auto cohort =
      read("patient,idh,time,event,y\nP1,mut,3,1,0.5\nP2,wt,4,0,1\nP3,,5,1,\n", {},
           {positive, label_spec("os", "survival", "time", "event"), label_spec("y", "regression")});
  const auto counts = [&](size_t head) { return label_counts(cohort, {0, 1, 2}, cohort.labels()[head]); };
  EXPECT_EQ(counts(0), "wt 1, mut 1, 1 unknown");
  EXPECT_EQ(counts(1), "2 events, 1 censored");
  EXPECT_EQ(counts(2), "2 known, 1 unknown");
  for (const auto& column : blank_cells(cohort))
    EXPECT_EQ(column.blank, column.column == "idh" || column.column == "y" ? 1 : 0) << column.column;
  EXPECT_THAT(blank_cells(cohort), SizeIs(5));
}

}  // namespace
}  // namespace photo51::data

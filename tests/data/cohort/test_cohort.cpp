#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/modality/lesion.hpp"
#include "photo51/data/modality/omics.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::data {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using CohortTest = CohortFolder;

TEST_F(CohortTest, ReadsRowsSitesAndCells) {
  write("a.nii", "x");
  const auto cohort =
      read("patient,site,flair,sex\nP1,A,a.nii,F\nP2,,,NA\n", {{"mri", data::input(image_input({"flair"}))}});
  ASSERT_EQ(cohort.size(), 2);
  EXPECT_EQ(cohort.id(1), "P2");
  EXPECT_EQ(cohort.site(0), "A");
  EXPECT_EQ(cohort.site(1), "");
  EXPECT_TRUE(cohort.has_input(0, "mri"));
  EXPECT_FALSE(cohort.has_input(1, "mri"));
  EXPECT_EQ(cohort.cell(0, "sex"), "F");
  EXPECT_EQ(cohort.cell(1, "sex"), "");
  EXPECT_EQ(cohort.cell(1, "age"), "");
}

TEST_F(CohortTest, ChannelPrefersItsOwnInputsColumn) {
  write("a.nii", "x");
  const auto cohort =
      read("patient,flair,mri.flair\nP1,,a.nii\nP2,a.nii,\n", {{"mri", data::input(image_input({"flair"}))}});
  EXPECT_TRUE(cohort.has_input(0, "mri"));
  EXPECT_FALSE(cohort.has_input(1, "mri"));
}

TEST_F(CohortTest, OneChannelIsEnoughButAMaskAloneIsNot) {
  write("a.nii", "x");
  LesionOptions lesion = image_input<LesionOptions>({"t1", "flair"}, "seg");
  const auto cohort =
      read("patient,t1,flair,seg\nP1,a.nii,,\nP2,,,a.nii\n",
           {{"mri", data::input(image_input({"t1", "flair"}, "seg"))}, {"lesion", data::input(lesion)}});
  EXPECT_TRUE(cohort.has_input(0, "mri"));
  EXPECT_FALSE(cohort.has_input(1, "mri"));
  EXPECT_FALSE(cohort.has_input(0, "lesion"));
  EXPECT_TRUE(cohort.has_input(1, "lesion"));
}

TEST_F(CohortTest, SaysWhatAFileMayTakeAndName) {
  CohortOptions limited = options();
  write("cohort.csv", "patient\nP1\n");
  limited.max_gib_per_file = 2;
  limited.detached_files = DetachedFiles::anywhere;
  const Cohort cohort(limited, {}, {});
  EXPECT_EQ(imaging::file_limits().max_gib, 2);
  EXPECT_TRUE(imaging::file_limits().follow_out_of_folder);
  const Cohort usual(options(), {}, {});
  EXPECT_EQ(imaging::file_limits().max_gib, imaging::FileLimits{}.max_gib);
  EXPECT_FALSE(imaging::file_limits().follow_out_of_folder);
}

TEST_F(CohortTest, ManifestErrors) {
  const Inputs mri{{"mri", data::input(image_input({"flair"}))}};
  EXPECT_THAT(failure(core::Fault::data, [&] { Cohort(options(), mri, {}); }), HasSubstr("cohort.csv"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { Cohort({}, mri, {}); }),
              HasSubstr("cohort.manifest is not given"));
  EXPECT_THAT(data_failure("patient,flar\nP1,\n", mri),
              HasSubstr("input mri: there is no column `flair` or `mri.flair` (did you mean `flar`?)"));
  EXPECT_THAT(data_failure("patent,flair\nP1,\n", mri),
              HasSubstr("no column `patient` (did you mean `patent`?)"));
  EXPECT_THAT(data_failure("patient,flair\n", mri), HasSubstr("no patient in this manifest"));
  EXPECT_THAT(data_failure("patient,flair\nP1,\nP2,\nP1,\n", mri),
              HasSubstr("cohort.csv:4: column `patient`: the patient `P1` stands twice (also in line 2)"));
  EXPECT_THAT(data_failure("patient,flair\n,x\n", mri),
              HasSubstr("cohort.csv:2: column `patient`: the patient has no id"));
  EXPECT_THAT(data_failure("patient,flair\nP1,\nP2,images/b.nii\n", mri),
              HasSubstr("cohort.csv:3: column `flair`: there is no file `images/b.nii`"));
  CohortOptions elsewhere = options();
  elsewhere.data_root = folder_ / "absent";
  EXPECT_THAT(failure(core::Fault::usage, [&] { Cohort(elsewhere, mri, {}); }),
              HasSubstr("cohort.data_root (--data-root): " + elsewhere.data_root.string() + " is no folder"));
}

TEST_F(CohortTest, OptionsOfCodeAreHeldToAConfigsLimits) {
  write("cohort.csv", "patient\nP1\n");
  CohortOptions wrong = options();
  wrong.on_bad_case = static_cast<BadCase>(7);
  EXPECT_THAT(failure(core::Fault::usage, [&] { Cohort(wrong, {}, {}); }),
              HasSubstr("cohort.on_bad_case: is the number 7, which has no name; it takes error, skip"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { Cohort::single({}, {}, wrong); }),
              HasSubstr("cohort.on_bad_case: is the number 7, which has no name"));
  wrong = options();
  wrong.split.folds = 1;
  EXPECT_EQ(failure(core::Fault::usage, [&] { Cohort(wrong, {}, {}); }),
            "cohort.split.folds: must be 0 (one split) or at least 2");
}

TEST_F(CohortTest, SkippingLeavesMissingFilesToTheLoader) {
  write("cohort.csv", "patient,flair\nP1,gone.nii\n");
  auto skipping = options();
  skipping.on_bad_case = BadCase::skip;
  EXPECT_TRUE(Cohort(skipping, {{"mri", data::input(image_input({"flair"}))}}, {}).has_input(0, "mri"));
}

TEST_F(CohortTest, OneSeriesOfAFolderExists) {
  write("dicom/1.dcm", "x");
  EXPECT_TRUE(
      read("patient,ct\nP1,dicom#1.2.3\n", {{"ct", data::input(image_input({"ct"}))}}).has_input(0, "ct"));
  EXPECT_THAT(data_failure("patient,ct\nP1,nothing#1.2.3\n", {{"ct", data::input(image_input({"ct"}))}}),
              HasSubstr("there is no file `nothing#1.2.3`"));
}

TEST_F(CohortTest, UnknownInputOrHeadNamesTheNearest) {
  const auto cohort = read("patient,flair,idh\nP1,,1\n", {{"mri", data::input(image_input({"flair"}))}},
                           {label_spec("idh", "binary")});
  EXPECT_THAT(failure(core::Fault::usage, [&] { (void)cohort.has_input(0, "mry"); }), HasSubstr("`mri`"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { (void)cohort.label(0, "idn"); }), HasSubstr("`idh`"));
}

TEST_F(CohortTest, ExpressionTablesByPathOrColumn) {
  OmicsOptions genes;
  genes.table = "e.tsv";
  write("e.tsv", "gene\tP1\tP3\nTP53\t1\t2\n");
  auto cohort = read("patient\nP1\nP2\n", {{"genes", data::input(genes)}});
  EXPECT_TRUE(cohort.has_input(0, "genes"));
  EXPECT_FALSE(cohort.has_input(1, "genes"));
  genes.table = "rna";
  write("p1.tsv", "gene\tvalue\nTP53\t1\nIDH1\t2\n");
  cohort = read("patient,rna\nP1,p1.tsv\nP2,\n", {{"genes", data::input(genes)}});
  EXPECT_TRUE(cohort.has_input(0, "genes"));
  EXPECT_FALSE(cohort.has_input(1, "genes"));
  EXPECT_THAT(data_failure("patient,rnas\nP1,\n", {{"genes", data::input(genes)}}),
              HasSubstr("input genes: table: `rna` is neither a column of"));
  write("p1.tsv", "gene\tP9\tP8\nTP53\t1\t2\nIDH1\t1\t2\n");
  EXPECT_THAT(data_failure("patient,rna\nP1,p1.tsv\n", {{"genes", data::input(genes)}}),
              HasSubstr("no patient of the cohort (such as `P1`)"));
}

TEST_F(CohortTest, HashesFollowContent) {
  write("a.nii", "x");
  write("b.nii", "x");
  write("c.nii", "y");
  write("d/1", "x");
  write("e/1", "x");
  ClinicalOptions clinical;
  clinical.columns = {"age"};
  const auto cohort = read("patient,flair,age\nP1,a.nii,4\nP2,b.nii,4\nP3,c.nii,5\nP4,d,\nP5,e,\nP6,,\n",
                           {{"mri", data::input(image_input({"flair"}))}, {"clin", data::input(clinical)}});
  EXPECT_EQ(cohort.file_hash(0, "mri"), cohort.file_hash(1, "mri"));
  EXPECT_NE(cohort.file_hash(0, "mri"), cohort.file_hash(2, "mri"));
  EXPECT_EQ(cohort.file_hash(3, "mri"), cohort.file_hash(4, "mri"));
  EXPECT_EQ(cohort.file_hash(5, "mri"), "");
  EXPECT_EQ(cohort.file_hash(0, "clin"), cohort.file_hash(1, "clin"));
  EXPECT_NE(cohort.file_hash(0, "clin"), cohort.file_hash(2, "clin"));
  EXPECT_EQ(cohort.manifest_hash(), core::hash_file(folder_ / "cohort.csv"));
}

TEST_F(CohortTest, SingleCaseFromAssignments) {
  write("a.nii", "x");
  OmicsOptions genes;
  genes.table = "e.tsv";
  ClinicalOptions clinical;
  clinical.columns = {"age"};
  const Inputs inputs{{"mri", data::input(image_input({"t1", "flair"}, "seg"))},
                      {"genes", data::input(genes)},
                      {"clin", data::input(clinical)}};
  const std::string file = (folder_ / "a.nii").string();
  const auto cohort = Cohort::single(inputs, {"mri.flair=" + file});
  EXPECT_EQ(cohort.size(), 1);
  EXPECT_EQ(cohort.id(0), "unnamed");
  EXPECT_TRUE(cohort.has_input(0, "mri"));
  EXPECT_FALSE(cohort.has_input(0, "genes"));
  EXPECT_FALSE(cohort.has_input(0, "clin"));
  write("e.tsv", "gene\tvalue\nTP53\t1\nIDH1\t3\n");
  const auto full =
      Cohort::single(inputs, {"patient=P7", "clin.age=54", "genes.table=" + (folder_ / "e.tsv").string()});
  EXPECT_EQ(full.id(0), "P7");
  EXPECT_TRUE(full.has_input(0, "genes"));
  EXPECT_TRUE(full.has_input(0, "clin"));

  LesionOptions lesion = image_input<LesionOptions>({"flair"}, "seg");
  const auto shared =
      Cohort::single({inputs[0], {"lesion", data::input(lesion)}}, {"mri.flair=" + file, "mri.seg=" + file});
  EXPECT_TRUE(shared.has_input(0, "lesion"));
  EXPECT_EQ(shared.file_hash(0, "lesion") == "", false);

  const auto refused = [&](const std::vector<std::string>& assignments) {
    return failure(core::Fault::usage, [&] { Cohort::single(inputs, assignments); });
  };
  EXPECT_THAT(refused({"mri.flar=x"}), HasSubstr("did you mean `mri.flair`?"));
  EXPECT_THAT(refused({"mri.flair"}), HasSubstr("write input.channel=path"));
  EXPECT_THAT(refused({"mri.flair="}), HasSubstr("write input.channel=path"));
  EXPECT_THAT(refused({"mri.flair=" + file, "mri.flair=" + file}), HasSubstr("given twice"));
  EXPECT_THAT(failure(core::Fault::data, [&] { Cohort::single(inputs, {"mri.flair=gone.nii"}); }),
              HasSubstr("there is no file `gone.nii`"));
}

}  // namespace
}  // namespace photo51::data

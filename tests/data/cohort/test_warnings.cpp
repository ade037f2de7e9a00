// What readers find odd reaches the cohort's warnings: from every kind of input, and from the cache too.
#include "photo51/data/cohort/warnings.hpp"
#include "photo51/data/modality/ct.hpp"
#include "photo51/data/modality/lesion.hpp"
#include "photo51/data/modality/radiomics.hpp"
#include "photo51/data/modality/ultrasound.hpp"

#include <ATen/ATen.h>

#include <thread>

#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/write.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"
#include "support/odd_nifti.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Warnings, KeepsEachOnceFromAnyThread) {
  Warnings warnings;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        warnings.add({"P" + std::to_string(i), "mri", "a.nii", "a.nii: gaps vary by 0." + std::to_string(i)});
    });
  for (auto& thread : threads) thread.join();
  const auto all = warnings.all();
  ASSERT_EQ(all.size(), 50U);
  EXPECT_EQ(all[0], (Warning{"P0", "mri", "a.nii", "gaps vary by 0.0"}));  // the file stands for itself
  const auto kinds = kinds_of(all);
  ASSERT_EQ(kinds.size(), 1U);
  EXPECT_EQ(kinds[0].cases.size(), 50U);
  EXPECT_EQ(in_words(kinds[0], 2), "mri: gaps vary by 0.0 (50 cases: P0, P1, …)");
}

TEST(Warnings, LogsThreeOfAKindAndThenHowManyMore) {
  Warnings warnings;
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 20; ++i)
    warnings.add({"P" + std::to_string(i), "ct", "", "padding is " + std::to_string(i)});
  warnings.add({"P0", "ct", "", "another"});
  warnings.add({"P0", "ct", "", "another"});
  warnings.summarise();
  warnings.summarise();
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 5) << log;
  EXPECT_THAT(
      log, AllOf(HasSubstr("case P2: input ct: padding is 2"), HasSubstr("17 more file(s) with: padding")));
}

TEST(Warnings, GoThroughCsv) {
  const test::TemporaryFolder folder;
  const std::vector<Warning> all{{"", "", "cohort.csv", "was not UTF-8"},
                                 {"P1", "mri", "a, b.nii", "says \"no\""}};
  core::write_file_atomic(folder / "warnings.csv", to_csv(all));
  EXPECT_EQ(read_warnings(folder / "warnings.csv"), all);
  core::write_file_atomic(folder / "warnings.csv", to_csv(std::vector<Warning>{}));
  EXPECT_THAT(read_warnings(folder / "warnings.csv"), IsEmpty());
}

TEST(Warnings, AreErrorsWhenStrict) {
  Warnings warnings(true);
  for (int i = 0; i < 2; ++i)
    PHOTO51_EXPECT_ERROR(warnings.add({"P1", "mri", "a.nii", "is odd"}), data,
                         HasSubstr("a.nii: is odd; cohort.strict: true makes this warning an error"));
  EXPECT_EQ(warnings.all().size(), 1U);
}

class FileWarningsTest : public CohortFolder {
 protected:
  void scan(const std::string& name, bool odd, double value = 1) const {
    imaging::Geometry geometry;
    geometry.size = {8, 8, 8};
    auto data = at::arange(512, at::kFloat).reshape({1, 8, 8, 8}) + value;
    imaging::write_nifti(imaging::make_volume(data, geometry), folder_ / name);
    if (odd) test::make_odd(folder_ / name);
  }
  void seg(const std::string& name, bool odd = false) const {
    imaging::Geometry geometry;
    geometry.size = {8, 8, 8};
    auto data = at::zeros({1, 8, 8, 8}, at::kByte);
    data.slice(1, 2, 6).slice(2, 2, 6).slice(3, 2, 6).fill_(1);
    imaging::write_nifti(imaging::make_volume(data, geometry), folder_ / name);
    if (odd) test::make_odd(folder_ / name);
  }
  /// Loads every case and gives the warnings.
  static std::vector<Warning> loaded(const Cohort& cohort) {
    const std::vector<int64_t> rows{0, 1};
    const CaseLoader loader(cohort, fit(cohort, rows));
    for (const int64_t row : rows) loader.load(row), loader.load(row, {1, 3, {}});
    return cohort.warnings();
  }
  std::vector<Warning> expected(const std::string& input) const {
    const std::string text = test::odd_words + " 2.0 mm apart; the sform was used";
    return {{"P2", input, (folder_ / "b.nii").string(), text},
            {"P2", input, (folder_ / "m.nii").string(), text}};
  }
};

TEST_F(FileWarningsTest, OfImagesAndMasksOnceACaseWithAndWithoutCaches) {
  scan("a.nii", false);
  scan("b.nii", true, 5);
  seg("s.nii");
  seg("m.nii", true);
  write("cohort.csv", "patient,t1,seg\nP1,a.nii,s.nii\nP2,b.nii,m.nii\n");
  const Inputs inputs{{"mri", data::input(image_input({"t1"}, "seg"))}};
  CohortOptions of = options();
  EXPECT_EQ(loaded(Cohort(of, inputs, {})), expected("mri"));
  of.cache.folder = folder_ / "cache";
  EXPECT_EQ(loaded(Cohort(of, inputs, {})), expected("mri"));
  EXPECT_EQ(loaded(Cohort(of, inputs, {})), expected("mri"));  // from the disk
  // A file that moved is found in the cache, and the warning names where it is now.
  std::filesystem::rename(folder_ / "b.nii", folder_ / "moved.nii");
  write("cohort.csv", "patient,t1,seg\nP1,a.nii,s.nii\nP7,moved.nii,s.nii\n");
  const auto moved = loaded(Cohort(of, inputs, {}));
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].case_id, "P7");
  EXPECT_EQ(moved[0].file, (folder_ / "moved.nii").string());
}

TEST_F(FileWarningsTest, OfDescriptionsOfRegionsToo) {
  scan("a.nii", false);
  scan("b.nii", true, 5);
  seg("s.nii");
  seg("m.nii", true);
  write("cohort.csv", "patient,t1,seg\nP1,a.nii,s.nii\nP2,b.nii,m.nii\n");
  for (const config::Choice& input : {data::input(image_input<BodyLesionOptions>({"t1"}, "seg")),
                                      data::input(image_input<RadiomicsOptions>({"t1"}, "seg"))}) {
    CohortOptions of = options();
    EXPECT_EQ(loaded(Cohort(of, {{"region", input}}, {})), expected("region")) << input.name;
    of.cache.folder = folder_ / "cache";
    EXPECT_EQ(loaded(Cohort(of, {{"region", input}}, {})), expected("region")) << input.name;
    EXPECT_EQ(loaded(Cohort(of, {{"region", input}}, {})), expected("region")) << input.name;
  }
}

TEST_F(FileWarningsTest, StrictRefusesTheCaseAndNamesTheFile) {
  scan("a.nii", false);
  scan("b.nii", true);
  write("cohort.csv", "patient,t1\nP1,a.nii\nP2,b.nii\n");
  CohortOptions of = options();
  of.strict = true;
  const Inputs inputs{{"mri", data::input(image_input({"t1"}))}};
  EXPECT_THAT(
      failure(core::Fault::data, [&] { loaded(Cohort(of, inputs, {})); }),
      AllOf(HasSubstr("case P2"), HasSubstr("input mri"), HasSubstr("b.nii"), HasSubstr(test::odd_words)));
  const Cohort one = Cohort::single(inputs, {"mri.t1=" + (folder_ / "b.nii").string()}, of);
  EXPECT_THAT(failure(core::Fault::data, [&] { CaseLoader(one, {}).load(0); }), HasSubstr(test::odd_words));
  // Bad cases that are skipped are left out, and said.
  of.on_bad_case = BadCase::skip;
  const Cohort cohort(of, inputs, {});
  const CaseLoader cases(cohort, {});
  Loader::Options how;
  how.skip_bad = true;
  how.on_bad = [](int64_t, const std::string&) {};
  Loader loader(cohort, cases, {}, {0, 1}, {}, how);
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  EXPECT_THAT(batch.cases, ElementsAre("P1"));
  EXPECT_EQ(cohort.warnings().size(), 1U);
}

TEST_F(FileWarningsTest, OfDicomThatSaysTooLittle) {
  for (const char* name : {"P1", "P2"})
    for (int k = 0; k < 3; ++k)
      test::write_slice(folder_ / (std::string(name) + "/" + std::to_string(k) + ".dcm"), "CT", 6, 2.0 * k,
                        1000 + k, {{DCM_PatientID, "P1"}, {DCM_PatientName, "P1"}, {DCM_RescaleType, "US"}});
  write("cohort.csv", "patient,ct\nP1,P1\nP2,P2\n");
  CtOptions ct = image_input<CtOptions>({"ct"});
  const auto found = loaded(Cohort(options(), {{"ct", data::input(ct)}}, {}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[1].text, HasSubstr("RescaleType (0028,1054) is US, not HU"));
}

TEST_F(FileWarningsTest, OfIntensitiesThatWereNormalisedBefore) {
  scan("a.nii", false);
  scan("b.nii", false, -256);
  write("cohort.csv", "patient,t1\nP1,a.nii\nP2,b.nii\n");
  MriOptions input = image_input({"t1"});
  input.preprocess.normalize.method = preprocess::NormalizeMethod::zscore;
  const auto found = loaded(Cohort(options(), {{"mri", data::input(input)}}, {}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].file, (folder_ / "b.nii").string());
  EXPECT_THAT(found[0].text, HasSubstr("normalised already"));
}

TEST_F(FileWarningsTest, NotOfWhatTheConfigSaysOrNobodyAsks) {
  const at::Tensor picture = at::arange(64, at::kFloat).reshape({8, 8, 1}).to(at::kByte);
  core::write_file_atomic(folder_ / "p.png", imaging::encode_png(picture.expand({8, 8, 3}).contiguous()));
  write("v.mha",
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        "DimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n" +
            std::string("\1\2\3\4\5\6\7\10", 8));
  write("cohort.csv", "patient,us,t1\nP1,p.png,v.mha\nP2,p.png,v.mha\n");
  UltrasoundOptions us = image_input<UltrasoundOptions>({"us"});
  MriOptions t1 = image_input({"t1"});
  us.color = ColorMode::gray;
  us.dims = 2;
  t1.assume_spacing = {1, 1, 1};
  t1.assume_orientation = "LPS";
  EXPECT_THAT(loaded(Cohort(options(), {{"us", data::input(us)}, {"mri", data::input(t1)}}, {})), IsEmpty());
  us.preprocess.crop.around = preprocess::CropAround::foreground;
  us.preprocess.crop.margin = 1;  // mm, of which a picture knows nothing
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        loaded(Cohort(options(), {{"us", data::input(us)}}, {}));
                      }),
              HasSubstr("does not say how large"));
}

}  // namespace
}  // namespace photo51::data

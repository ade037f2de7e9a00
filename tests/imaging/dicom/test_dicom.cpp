#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "imaging/dicom/header.hpp"
#include "imaging/dicom/uid.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "support/dicom_file.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using test::refusal;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Volume ct_volume() {
  Geometry g;
  g.size = {6, 5, 4};
  g.spacing = {0.7, 0.8, 2.5};
  g.origin = {-100.25, 20, -300};
  return make_volume(at::arange(120).view({1, 4, 5, 6}).to(at::kShort) * 17 - 1000, g, Modality::ct,
                     Units::hounsfield);
}

Volume brighter_ct_volume() {
  Volume ct = ct_volume();
  ct.data += 1;
  return ct;
}

class Dicom : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
};

TEST_F(Dicom, ReadsWhatItWrites) {
  Volume ct = ct_volume();
  const double a = 0.3, b = -1.1;
  // Oblique, and stored from head to feet: the slices are sorted the other way round on reading.
  ct.geometry.direction = {std::cos(a),
                           -std::sin(a) * std::cos(b),
                           -std::sin(a) * std::sin(b),
                           std::sin(a),
                           std::cos(a) * std::cos(b),
                           std::cos(a) * std::sin(b),
                           0,
                           std::sin(b),
                           -std::cos(b)};
  ASSERT_NEAR(ct.geometry.handedness(), -1, 1e-12);
  write_dicom_series(ct, folder_ / "series", {.patient_id = "P7", .kvp = 120});
  const Volume back = read_volume(folder_ / "series");
  EXPECT_EQ(back.modality, Modality::ct);
  EXPECT_EQ(back.units, Units::hounsfield);
  EXPECT_EQ(back.data.scalar_type(), at::kShort);
  EXPECT_TRUE(at::equal(back.data, ct.data.flip({1})));
  EXPECT_NEAR(back.geometry.handedness(), 1, 1e-9);
  const auto first = ct.geometry.to_world({0, 0, 3});
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(back.geometry.origin[i], first[i], 1e-6);
    EXPECT_NEAR(back.geometry.spacing[i], ct.geometry.spacing[i], 1e-6);
  }
  const auto p = back.geometry.to_world({5, 4, 0}), q = ct.geometry.to_world({5, 4, 3});
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(p[i], q[i], 1e-6);
  EXPECT_THAT(back.warnings, IsEmpty());
}

TEST_F(Dicom, WritesTheSameBytesForTheSameSeed) {
  write_dicom_series(ct_volume(), folder_ / "a", {.patient_id = "P7", .uid_seed = "phantom 1"});
  write_dicom_series(ct_volume(), folder_ / "b", {.patient_id = "P7", .uid_seed = "phantom 1"});
  write_dicom_series(ct_volume(), folder_ / "c", {.patient_id = "P7", .uid_seed = "phantom 2"});
  const auto bytes = [&](const char* name) { return core::read_file(folder_ / name / "slice_0002.dcm"); };
  EXPECT_EQ(bytes("a"), bytes("b"));
  EXPECT_NE(bytes("a"), bytes("c"));
  EXPECT_EQ(uid_from("x"), uid_from("x"));
  EXPECT_THAT(uid_from("x"), testing::MatchesRegex("2\\.25\\.[1-9][0-9]*"));
  EXPECT_LE(uid_from("x").size(), 64U);
}

TEST_F(Dicom, ReplacesAnEarlierSeriesAndNothingElse) {
  write_dicom_series(ct_volume(), folder_ / "a", {});
  const Volume brighter = brighter_ct_volume();
  write_dicom_series(brighter, folder_ / "a", {});
  EXPECT_TRUE(at::equal(read_volume(folder_ / "a").data, brighter.data));
  // Slices that it would not write over are somebody's.
  Volume shorter = ct_volume();
  shorter.data = shorter.data.narrow(1, 0, 2).contiguous();
  shorter.geometry.size[2] = 2;
  EXPECT_THROW(write_dicom_series(shorter, folder_ / "a", {}), core::Error);
  core::write_file_atomic(folder_ / "a" / "notes.txt", "mine");
  EXPECT_THROW(write_dicom_series(brighter, folder_ / "a", {}), core::Error);
  EXPECT_EQ(core::read_file(folder_ / "a" / "notes.txt"), "mine");
}

TEST_F(Dicom, RefusesToWriteWhatIsNotACt) {
  Volume volume = ct_volume();
  volume.units = Units::arbitrary;
  EXPECT_THROW(write_dicom_series(volume, folder_ / "a", {}), core::Error);
  volume = ct_volume();
  volume.data = volume.data.repeat({2, 1, 1, 1});
  EXPECT_THROW(write_dicom_series(volume, folder_ / "a", {}), core::Error);
  volume = ct_volume();
  volume.geometry.direction[1] = 0.2;
  EXPECT_THROW(write_dicom_series(volume, folder_ / "a", {}), core::Error);
  volume = ct_volume();
  volume.data = volume.data.to(at::kFloat) + 40000;
  try {
    write_dicom_series(volume, folder_ / "a", {});
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    EXPECT_THAT(error.what(), HasSubstr("this volume goes from 39000"));
  }
  volume.data = ct_volume().data.to(at::kFloat);
  volume.data[0][1][2][3] = NAN;
  PHOTO51_EXPECT_ERROR(write_dicom_series(volume, folder_ / "a", {}), data,
                       AllOf(HasSubstr("a CT series holds -31744 to 31743 HU; this volume goes from"),
                             HasSubstr("and has NaN voxels; clip it first")));
}

TEST_F(Dicom, AsksWhichOfSeveralSeries) {
  write_dicom_series(ct_volume(), folder_ / "a", {.series_description = "thin", .uid_seed = "1"});
  write_dicom_series(ct_volume(), folder_ / "b", {.series_description = "thick", .uid_seed = "2"});
  for (int i = 1; i <= 3; ++i)
    fs::copy_file(folder_ / "b" / ("slice_000" + std::to_string(i) + ".dcm"),
                  folder_ / "a" / ("other_" + std::to_string(i) + ".dcm"));
  const std::string thin = uid_from("1/series"), thick = uid_from("2/series");
  const std::string message = refusal(folder_ / "a");
  EXPECT_THAT(message, HasSubstr("holds 2 series; choose one as"));
  EXPECT_THAT(message, HasSubstr(thin + "  CT \"thin\", 4 files"));
  EXPECT_THAT(message, HasSubstr(thick + "  CT \"thick\", 3 files"));
  EXPECT_EQ(read_volume((folder_ / "a").string() + "#" + thick).geometry.size[2], 3);
  EXPECT_EQ(read_volume(folder_ / "a", {.series = thin}).geometry.size[2], 4);
  EXPECT_THAT(refusal(folder_ / "a", {.series = "1.2.3"}), HasSubstr("has no series 1.2.3; it has"));
}

TEST_F(Dicom, NamesMissingDuplicateAndTurnedSlices) {
  write_dicom_series(ct_volume(), folder_ / "a", {});
  fs::remove(folder_ / "a" / "slice_0003.dcm");
  EXPECT_THAT(refusal(folder_ / "a"),
              HasSubstr("1 slice(s) missing between slice_0002.dcm and slice_0004.dcm"));

  write_dicom_series(ct_volume(), folder_ / "b", {});
  fs::copy_file(folder_ / "b" / "slice_0002.dcm", folder_ / "b" / "slice_0002b.dcm");
  EXPECT_THAT(refusal(folder_ / "b"), HasSubstr("slice_0002b.dcm: lies where slice_0002.dcm lies"));

  const auto with_one_of = [&](const std::string& name, const Volume& other) {
    write_dicom_series(ct_volume(), folder_ / name, {});
    write_dicom_series(other, folder_ / "odd", {});
    fs::copy_file(folder_ / "odd" / "slice_0004.dcm", folder_ / name / "slice_0004.dcm",
                  fs::copy_options::overwrite_existing);
    return refusal(folder_ / name);
  };
  Volume other = ct_volume();
  other.geometry.direction = {1, 0, 0, 0, 0, 1, 0, -1, 0};
  EXPECT_THAT(with_one_of("c", other), HasSubstr("slice_0004.dcm: is turned against"));
  other = ct_volume();
  other.geometry.spacing[0] = 0.9;
  EXPECT_THAT(with_one_of("d", other), HasSubstr("slice_0004.dcm: has another PixelSpacing"));
  other = ct_volume();
  other.geometry.origin[0] += 50;
  EXPECT_THAT(with_one_of("e", other), HasSubstr("is shifted by"));
  other = ct_volume();
  other.geometry.origin[2] += 0.6;
  EXPECT_THAT(with_one_of("f", other), HasSubstr("slices are unevenly spaced"));
  other = ct_volume();
  other.data = other.data.narrow(3, 0, 5).contiguous();
  other.geometry.size[0] = 5;
  EXPECT_THAT(with_one_of("g", other),
              HasSubstr("slice_0004.dcm: has 5 x 5 pixels, but slice_0001.dcm of the same series has 6 x 5; "
                        "move the odd slices to another folder"));
}

TEST_F(Dicom, KeepsAGantryTilt) {
  // Each slice shifted in the plane by the same step: the axes are not perpendicular.
  const Volume whole = ct_volume();
  fs::create_directories(folder_ / "tilted");
  for (int k = 0; k < 4; ++k) {
    Volume slice = whole;
    slice.data = whole.data.narrow(1, k, 1).contiguous();
    slice.geometry.size[2] = 1;
    slice.geometry.origin = {-100.25, 20 + 1.0 * k, -300 + 2.5 * k};
    write_dicom_series(slice, folder_ / "one", {.uid_seed = "tilt"});
    fs::copy_file(folder_ / "one" / "slice_0001.dcm", folder_ / "tilted" / (std::to_string(k) + ".dcm"));
  }
  EXPECT_THAT(
      refusal(folder_ / "tilted"),
      HasSubstr("tilted by 21.8 degrees against their stack (gantry tilt); set dicom.tilt to `keep`"));
  const Volume volume = read_volume(folder_ / "tilted", {.dicom = {.tilt = GantryTilt::keep}});
  EXPECT_THAT(volume.warnings, ElementsAre(HasSubstr("tilted by 21.8 degrees")));
  const auto last = volume.geometry.to_world({0, 0, 3});
  EXPECT_NEAR(last[1], 23, 1e-6);
  EXPECT_NEAR(last[2], -292.5, 1e-6);
}

TEST_F(Dicom, TreatsGapsAsThePolicySays) {
  write_dicom_series(ct_volume(), folder_ / "a", {});
  fs::remove(folder_ / "a" / "slice_0003.dcm");
  EXPECT_THAT(refusal(folder_ / "a"), HasSubstr("or set dicom.gaps to `interpolate`"));
  const Volume volume = read_volume(folder_ / "a", {.dicom = {.gaps = SliceGaps::interpolate}});
  EXPECT_THAT(volume.warnings, ElementsAre("1 of 4 slices were interpolated between their neighbours"));
  // The values rise linearly along z, so interpolation gives the missing slice itself.
  EXPECT_TRUE(at::allclose(volume.data, ct_volume().data.to(at::kFloat)));
  EXPECT_TRUE(volume.geometry.matches(ct_volume().geometry));
}

TEST_F(Dicom, TreatsDuplicatesAsThePolicySays) {
  write_dicom_series(ct_volume(), folder_ / "a", {});
  const Volume brighter = brighter_ct_volume();
  write_dicom_series(brighter, folder_ / "b", {});
  for (int i = 1; i <= 4; ++i) {
    const std::string name = "slice_000" + std::to_string(i) + ".dcm";
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile((folder_ / "b" / name).c_str()).good());
    file.getDataset()->putAndInsertString(DCM_TemporalPositionIdentifier, "2");
    ASSERT_TRUE(file.saveFile((folder_ / "a" / ("again_" + name)).c_str()).good());
  }
  EXPECT_THAT(
      refusal(folder_ / "a"),
      HasSubstr("2 images at one place; they differ in TemporalPositionIdentifier (0020,0100): `` and "
                "`2`; keep one set a folder, or set dicom.duplicates to `first` or `channels`"));
  const Volume first = read_volume(folder_ / "a", {.dicom = {.duplicates = RepeatedSlices::first}});
  EXPECT_TRUE(at::equal(first.data, ct_volume().data));
  EXPECT_THAT(first.warnings, ElementsAre(HasSubstr("the first at each was taken")));
  const Volume both = read_volume(folder_ / "a", {.dicom = {.duplicates = RepeatedSlices::channels}});
  EXPECT_TRUE(at::equal(both.data, at::cat({ct_volume().data, brighter.data})));
  EXPECT_THAT(both.channels, ElementsAre(HasSubstr("TemporalPosition"), "TemporalPositionIdentifier 2"));
  fs::remove(folder_ / "a" / "again_slice_0002.dcm");
  EXPECT_THAT(refusal(folder_ / "a", {.dicom = {.duplicates = RepeatedSlices::channels}}),
              HasSubstr("is one of 1 images at its place, but there are 2"));
}

TEST_F(Dicom, ReadsWithAPoolWhatItReadsWithout) {
  write_dicom_series(ct_volume(), folder_ / "a", {});
  core::ThreadPool pool(3);
  const Volume alone = read_volume(folder_ / "a"), together = read_volume(folder_ / "a", {.pool = &pool});
  EXPECT_TRUE(at::equal(alone.data, together.data));
  EXPECT_TRUE(alone.geometry.matches(together.geometry));
}

TEST_F(Dicom, SaysWhatAFolderHolds) {
  fs::create_directories(folder_ / "study" / "series_1");
  EXPECT_THAT(refusal(folder_ / "study"),
              HasSubstr("holds no DICOM image; name the folder of a series (here are"));
  core::write_file_atomic(folder_ / "study" / "series_1" / "x.dcm", "nonsense, not DICOM");
  EXPECT_THAT(refusal(folder_ / "study" / "series_1"), HasSubstr("x.dcm: is not a"));
}

TEST_F(Dicom, ReadsOneSlice) {
  write_dicom_series(ct_volume(), folder_ / "a", {});
  const Volume slice = read_volume(folder_ / "a" / "slice_0003.dcm");
  EXPECT_TRUE(at::equal(slice.data, ct_volume().data.narrow(1, 2, 1)));
  EXPECT_NEAR(slice.geometry.origin[2], -295, 1e-9);
  EXPECT_NEAR(slice.geometry.spacing[2], 2.5, 1e-9);
  const std::string bytes = core::read_file(folder_ / "a" / "slice_0003.dcm");
  core::write_file_atomic(folder_ / "cut.dcm", bytes.substr(0, bytes.size() - 20));
  EXPECT_THAT(refusal(folder_ / "cut.dcm"), HasSubstr("copy it again"));
}

TEST_F(Dicom, AgreesWithPydicomOnRealFiles) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/index.csv");
  const fs::path data = test::shared_data() / "dicom";
  const core::Table index = core::read_table(data / "index.csv");
  int compared = 0;
  for (const auto& row : index.rows) {
    const auto cell = [&](const char* column) { return row[index.require(column)]; };
    const std::string kind = cell("kind");
    const bool gray = kind == "ct" || kind == "mr" || kind == "ct_series_with_rtstruct" ||
                      kind == "seg_source_series" ||
                      (kind == "transfer_syntax" && (cell("modality") == "CT" || cell("modality") == "MR"));
    if (!gray || cell("min").empty()) continue;
    const Volume volume = read_volume(data / cell("file"));
    const at::Tensor values = volume.data.to(at::kDouble);
    const auto near = [&](double ours, const char* column) {
      const double theirs = core::parse_double(cell(column)).value();
      EXPECT_NEAR(ours, theirs, 1e-3 + 1e-5 * std::abs(theirs)) << cell("file") << " " << column;
    };
    near(values.min().item<double>(), "min");
    near(values.max().item<double>(), "max");
    near(values.mean().item<double>(), "mean");
    EXPECT_EQ(volume.units == Units::hounsfield, cell("modality") == "CT") << cell("file");
    ++compared;
  }
  EXPECT_GT(compared, 60);
}

TEST_F(Dicom, ReadsARealSeriesOnTheGridOfItsMask) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files/ct_rtstruct");
  const fs::path files = test::shared_data() / "dicom/files";
  const Volume ct = read_volume(files / "ct_rtstruct", {.modality = Modality::ct});
  const Volume mask = read_volume(files / "ct_rtstruct/mask.nii.gz", {.modality = Modality::segmentation});
  EXPECT_TRUE(ct.geometry.matches(mask.geometry));
  EXPECT_EQ(mask.data.ne(0).sum().item<int>(), 17090);
  // Soft tissue, so the mask lies right.
  EXPECT_NEAR(ct.data.masked_select(mask.data.ne(0)).to(at::kFloat).mean().item<float>(), 30, 40);
  EXPECT_THAT(refusal(files / "ct_rtstruct", {.modality = Modality::mri}),
              HasSubstr("is ct, but mri is asked"));
  EXPECT_THAT(refusal(files / "pet_missing_slice"), HasSubstr("missing between 003.dcm and 004.dcm"));
  EXPECT_THAT(refusal(files / "seg_ct_series"), HasSubstr("missing"));
  EXPECT_EQ(read_volume(files / "pet_bqml").units, Units::becquerel_per_ml);
  EXPECT_THAT(refusal(files / "rtstruct.dcm"), HasSubstr("has no pixels"));
  EXPECT_THAT(refusal(files / "liver_1frame.dcm"), HasSubstr("not an image volume"));
  EXPECT_THAT(refusal(files / "MR_truncated.dcm"), HasSubstr("MR_truncated.dcm: is not a readable DICOM"));
}

}  // namespace
}  // namespace photo51::imaging

#include "data/modality/pictures.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/core/files.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/mammography.hpp"
#include "photo51/data/modality/ultrasound.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/write.hpp"
#include "support/dicom_file.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::data {
namespace {

using testing::Contains;
using testing::HasSubstr;

/// A breast of 40 x 30 pixels at the left of 64 x 64.
test::DicomFile mammogram(const char* laterality) {
  std::vector<uint16_t> pixels(size_t{64} * 64, 0);
  for (size_t y = 10; y < 50; ++y)
    for (size_t x = 0; x < 30; ++x) pixels[y * 64 + x] = static_cast<uint16_t>(1000 + 10 * x + y % 7);
  test::DicomFile file;
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.2").text(0x00080060, "CS", "MG");
  file.text(0x00080068, "CS", "FOR PRESENTATION").text(0x00181164, "DS", "0.1\\0.1");
  file.text(0x00181114, "DS", "1").text(0x00185101, "CS", "CC").text(0x00200062, "CS", laterality);
  file.pixels16(64, 64, 1, 12, pixels);
  return file;
}

TEST(Pictures, PosesMammograms) {
  const test::TemporaryFolder folder;
  mammogram("R").save(folder / "r.dcm");
  const imaging::Volume plain = read_mammogram_picture(folder / "r.dcm", std::nullopt);
  EXPECT_EQ(plain.data.sizes(), (at::IntArrayRef{1, 1, 64, 64}));
  const imaging::Volume posed = read_mammogram_picture(folder / "r.dcm", preprocess::MammographyOptions());
  EXPECT_EQ(posed.data.sizes(), (at::IntArrayRef{1, 1, 40, 30}));
  EXPECT_EQ(posed.geometry.size, (std::array<int64_t, 3>{30, 40, 1}));
  EXPECT_EQ(posed.geometry.spacing[0], 0.1);
  EXPECT_EQ(posed.modality, imaging::Modality::mammography);
  EXPECT_THAT(posed.warnings, Contains(HasSubstr("the chest wall lies at the picture's left")));
  test::DicomFile blank;
  blank.text(0x00080060, "CS", "MG").pixels16(2, 2, 1, 12, {5, 5, 5, 5}).save(folder / "blank.dcm");
  PHOTO51_EXPECT_ERROR(read_mammogram_picture(folder / "blank.dcm", preprocess::MammographyOptions()), data,
                       HasSubstr("blank.dcm: there is no breast to see"));
}

TEST(Pictures, ReadsCinesWithFramesAlongZ) {
  const test::TemporaryFolder folder;
  std::vector<uint8_t> pixels(size_t{2} * 3 * 4);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i);
  test::DicomFile file;
  file.text(0x00080060, "CS", "US").text(0x00280030, "DS", "0.3\\0.2").pixels(3, 4, 2, 1, pixels);
  file.save(folder / "us.dcm");
  const imaging::Volume cine = read_ultrasound_picture(folder / "us.dcm", std::nullopt);
  EXPECT_EQ(cine.data.sizes(), (at::IntArrayRef{1, 2, 3, 4}));
  EXPECT_EQ(cine.data[0][1][0][0].item<int>(), 12);
  EXPECT_EQ(cine.geometry.spacing, (std::array<double, 3>{0.2, 0.3, 1}));
  EXPECT_TRUE(cine.spacing_known);
  // Every pixel of the second frame differs from the first: all echo, nothing cut.
  preprocess::UltrasoundOptions options;
  options.doppler = preprocess::DopplerUse::split;
  core::write_file_atomic(folder / "still.png",
                          imaging::encode_png(at::arange(60, 120, at::kByte).view({4, 5, 3}) * 2));
  const imaging::Volume still = read_ultrasound_picture(folder / "still.png", options);
  EXPECT_EQ(still.data.size(0), 2);
  EXPECT_EQ(still.channels, (std::vector<std::string>{"bmode", "flow"}));
  EXPECT_FALSE(still.spacing_known);
}

TEST(Pictures, RefusesOtherFiles) {
  const test::TemporaryFolder folder;
  imaging::Geometry geometry;
  geometry.size = {2, 2, 2};
  imaging::write_nifti(imaging::make_volume(at::zeros({1, 2, 2, 2}), geometry), folder / "us.nii");
  EXPECT_EQ(read_ultrasound_picture(folder / "us.nii", std::nullopt).data.numel(), 8);
  PHOTO51_EXPECT_ERROR(read_ultrasound_picture(folder / "us.nii", preprocess::UltrasoundOptions()), data,
                       HasSubstr("leave the section out"));
  test::DicomFile other;
  other.text(0x00080060, "CS", "CT").pixels(2, 2, 1, 1, {1, 2, 3, 4}).save(folder / "ct.dcm");
  PHOTO51_EXPECT_ERROR(read_ultrasound_picture(folder / "ct.dcm", std::nullopt), data,
                       HasSubstr("is ct, but ultrasound is asked for"));
}

TEST(Pictures, GoThroughACohort) {
  const test::TemporaryFolder folder;
  mammogram("L").text(0x00280004, "CS", "MONOCHROME1").save(folder / "l.dcm");
  std::vector<uint8_t> pixels(size_t{3} * 4);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i);
  test::DicomFile still;
  still.text(0x00080060, "CS", "US").pixels(3, 4, 1, 1, pixels).save(folder / "us.dcm");
  MammographyOptions breast;
  breast.channels = {"view"};
  UltrasoundOptions us;
  us.channels = {"still"};
  breast.dims = us.dims = 2;
  breast.preprocess.orientation = us.preprocess.orientation = "none";
  const Cohort cohort = Cohort::single(
      {{"breast", data::input(breast)}, {"us", data::input(us)}},
      {"breast.view=" + (folder / "l.dcm").string(), "us.still=" + (folder / "us.dcm").string()});
  const Case loaded = CaseLoader(cohort, {}).load(0);
  // Bright for dense, whatever the file's way round.
  EXPECT_EQ(loaded.inputs.at("breast").values[0][60][60].item<float>(), 4095);
  EXPECT_EQ(loaded.inputs.at("us").values.sizes(), (at::IntArrayRef{1, 3, 4}));
  EXPECT_EQ(loaded.inputs.at("us").values[0][2][3].item<float>(), 11);
}

}  // namespace
}  // namespace photo51::data

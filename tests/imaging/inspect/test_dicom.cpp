/// `inspect` says what training reads, and nothing of what is in order.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/imaging/inspect/inspect.hpp"
#include "support/dicom_file.hpp"
#include "support/dicom_objects.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using test::DicomFile;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(InspectDicom, CleanFilesHaveNoWarning) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c15_dbt");
  const fs::path cases = test::shared_cases() / "dicom";
  for (const char* path :
       {"c15_dbt/left_mlo.dcm", "c16_ultrasound/rgb_still.dcm", "c26_mg_and_vr/mg.dcm",
        "c26_mg_and_vr/jitter", "c26_mg_and_vr/jitter/0.dcm", "c26_mg_and_vr/ut", "c24_dwi_dce/dwi",
        "c24_dwi_dce/dce", "c24_dwi_dce/dwi/001.dcm", "c08_pet_enhanced/enhanced.dcm"}) {
    const Inspection found = inspect(cases / path, {.picture = true});
    EXPECT_EQ(found.error, "") << path;
    EXPECT_THAT(found.warnings, IsEmpty()) << path;
    EXPECT_TRUE(found.picture.defined()) << path;
  }
}

TEST(InspectDicom, ThickSlicesAreOrdinary) {
  const test::TemporaryFolder folder;
  for (int k = 0; k < 3; ++k)
    test::write_slice(folder / ("a/" + std::to_string(k) + ".dcm"), "MR", 8, 6.5 * k, 10 + k,
                      {{DCM_PixelSpacing, "0.4\\0.4"}});
  const Inspection found = inspect(folder / "a");
  EXPECT_THAT(found.warnings, IsEmpty());
  EXPECT_EQ((*found.spacing)[2], 6.5);
}

TEST(InspectDicom, ListsWeightingsAndTimes) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c24_dwi_dce");
  const fs::path cases = test::shared_cases() / "dicom/c24_dwi_dce";
  const Inspection dwi = inspect(cases / "dwi");
  EXPECT_EQ(dwi.kind, "volume");
  EXPECT_EQ(dwi.channels, 2);
  EXPECT_THAT(dwi.notes, Contains("b-values 0, 800 s/mm2"));
  // Over midnight, all with the date of the first.
  const Inspection dce = inspect(cases / "dce");
  EXPECT_THAT(dce.notes, Contains("3 times, at 0, 20, 70 s"));
  EXPECT_EQ(dce.channels, 3);
}

TEST(InspectDicom, AFolderOfASlideIsASlide) {
  PHOTO51_NEEDS_SHARED_CASES("slides/dicom_folder/plain");
  const Inspection found = inspect(test::shared_cases() / "slides/dicom_folder/plain");
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.kind, "slide");
  EXPECT_EQ(found.modality, Modality::histopathology);
}

TEST(InspectDicom, ColorsAreDrawnAsTheyAre) {
  const test::TemporaryFolder folder;
  DicomFile still;
  still.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.6.1").text(0x00080060, "CS", "US");
  still.pixels(1, 2, 1, 3, {10, 200, 30, 0, 0, 255}).save(folder / "a.dcm");
  const Inspection found = inspect(folder / "a.dcm", {.picture = true});
  EXPECT_THAT(found.warnings, IsEmpty());
  ASSERT_TRUE(found.picture.defined());
  EXPECT_TRUE(at::equal(found.picture[0][0].to(at::kLong), at::tensor({10, 200, 30})));
  EXPECT_TRUE(at::equal(found.picture[0][1].to(at::kLong), at::tensor({0, 0, 255})));
}

TEST(InspectDicom, ABreastIsDrawnAsItHangs) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c15_dbt");
  const Inspection found = inspect(test::shared_cases() / "dicom/c15_dbt/left_mlo.dcm", {.picture = true});
  ASSERT_TRUE(found.picture.defined() && found.volume.has_value());
  // The stored columns run to the front: the chest wall of a left breast is on the left, and brighter tissue
  // lies there as in the stored frames.
  const at::Tensor frame = found.volume->data[0][0].to(at::kDouble);
  const auto half = frame.size(1) / 2;
  const bool left =
      frame.narrow(1, 0, half).mean().item<double>() > frame.narrow(1, half, half).mean().item<double>();
  const at::Tensor drawn = found.picture.select(2, 0).to(at::kDouble);
  const int64_t tile = (drawn.size(1) + 2) / 6 - 2;
  const at::Tensor first = drawn.narrow(1, 0, tile);
  const bool drawn_left = first.narrow(1, 0, tile / 2).mean().item<double>() >
                          first.narrow(1, tile / 2, tile / 2).mean().item<double>();
  EXPECT_EQ(drawn_left, left);
}

TEST(InspectDicom, WarningsAreTrue) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c23_cbct");
  const fs::path cases = test::shared_cases() / "dicom/c23_cbct";
  EXPECT_THAT(inspect(cases / "cbct.dcm").warnings,
              Contains(HasSubstr("no ImagePositionPatient (0020,0032) and no ImageOrientationPatient")));
  const auto once = inspect(cases / "cbct_first_place.dcm").warnings;
  EXPECT_THAT(once, Contains(HasSubstr("ImagePositionPatient (0020,0032) stands once for 6 frames")));
  EXPECT_THAT(once, Not(Contains(HasSubstr("no ImagePositionPatient"))));
  const Inspection spect = inspect(cases / "spect.dcm");
  EXPECT_THAT(spect.warnings, ElementsAre(HasSubstr("SpacingBetweenSlices (0018,0088) is -4")));
  EXPECT_EQ((*spect.spacing)[2], 4);
  EXPECT_EQ(spect.volume->geometry.origin[2], 80);  // the last of six slices below 100
}

TEST(InspectDicom, ADoseInGyNeedsNoWarning) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files/rtdose.dcm");
  const fs::path relative = test::shared_data() / "dicom/files/rtdose.dcm";
  EXPECT_THAT(inspect(relative).warnings, Contains(HasSubstr("DoseUnits (3004,0002) are RELATIVE, not Gy")));
  const test::TemporaryFolder folder;
  test::edit_dicom(relative, folder / "dose.dcm", {{DCM_DoseUnits, "GY"}});
  const Inspection dose = inspect(folder / "dose.dcm");
  EXPECT_THAT(dose.notes, Contains("values are dose in Gy"));
  EXPECT_THAT(dose.warnings, Not(Contains(HasSubstr("Gy"))));
}

}  // namespace
}  // namespace photo51::imaging

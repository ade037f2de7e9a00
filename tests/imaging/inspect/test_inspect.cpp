#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/write.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Volume ct_volume() {
  Geometry g;
  g.size = {4, 4, 3};
  return make_volume(at::arange(48).view({1, 3, 4, 4}).to(at::kFloat) * 20 - 1000, g, Modality::ct,
                     Units::hounsfield);
}

TEST(Inspect, MeasuresAVolume) {
  const test::TemporaryFolder folder;
  write_dicom_series(ct_volume(), folder / "ct", {.patient_id = "P1"});
  const Inspection found = inspect(folder / "ct");
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.kind, "volume");
  EXPECT_EQ(found.modality, Modality::ct);
  EXPECT_EQ(found.min, -1000);
  EXPECT_EQ(found.max, -60);
  EXPECT_NEAR(found.mean, -530, 1e-9);
  EXPECT_THAT(found.warnings, IsEmpty());
  EXPECT_THAT(found.phi, IsEmpty());
}

TEST(Inspect, FindsNamesInAnySlice) {
  const test::TemporaryFolder folder;
  write_dicom_series(ct_volume(), folder / "ct", {.patient_id = "P1"});
  write_dicom_series(ct_volume(), folder / "named",
                     {.patient_id = "P1", .patient_name = "Franklin^Rosalind"});
  std::filesystem::copy_file(folder / "named/slice_0002.dcm", folder / "ct/slice_0002.dcm",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(inspect(folder / "ct").phi, Contains("PatientName"));
  EXPECT_THAT(inspect(folder / "named/slice_0001.dcm").phi, ElementsAre("PatientName"));
}

TEST(Inspect, SuspectsOddVolumes) {
  const test::TemporaryFolder folder;
  Volume volume = ct_volume();
  volume.data = at::full({1, 3, 4, 4}, 5.0);
  volume.data[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  volume.geometry.spacing = {0.5, 0.5, 30};
  write_nifti(volume, folder / "odd.nii");
  const Inspection found = inspect(folder / "odd.nii");
  EXPECT_THAT(found.warnings, Contains(HasSubstr("1 of 48 voxels are NaN")));
  EXPECT_THAT(found.warnings, Contains("all voxels are 5"));
  EXPECT_THAT(found.warnings, Contains(HasSubstr("0.5 to 30 mm are unusual")));
  EXPECT_THAT(found.warnings, Contains(HasSubstr("60 times longer than wide")));
  EXPECT_EQ(found.mean, 5);
}

TEST(Inspect, SaysWhyAFileCannotBeRead) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(inspect(folder / "absent.nii").error, HasSubstr("absent.nii: no such file"));
  EXPECT_FALSE(inspect(folder / "absent.nii").measured);
}

TEST(Inspect, KnowsOtherKinds) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files");
  const auto files = test::shared_data() / "dicom/files";
  EXPECT_EQ(inspect(files / "rtstruct.dcm").kind, "structure_set");
  EXPECT_EQ(inspect(files / "liver_1frame.dcm").kind, "segmentation");
  EXPECT_EQ(inspect(files / "sm_image.dcm").kind, "slide");
  EXPECT_EQ(inspect(files / "examples_ybr_color.dcm").kind, "cine");
  EXPECT_EQ(inspect(files / "test-SR.dcm").kind, "other");
  EXPECT_EQ(inspect(files / "CT_small.dcm").kind, "volume");
}

}  // namespace
}  // namespace photo51::imaging

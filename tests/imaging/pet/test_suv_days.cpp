/// SUV where the day of the injection is not written, and of enhanced objects.

#include <ATen/ATen.h>

#include <cmath>

#include "photo51/imaging/pet/suv.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

double mean_of(const Volume& volume) {
  return volume.data.to(at::kDouble).mean().item<double>();
}

TEST(SuvDays, AreAskedForWhereTheNuclideLeavesThemOpen) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c06_pet_days");
  const fs::path cases = test::shared_cases() / "dicom/c06_pet_days";
  const Volume dated = to_suv(read_volume(cases / "with_date"), SuvType::body_weight);
  const Volume bare = read_volume(cases / "time_only");
  PHOTO51_EXPECT_ERROR(to_suv(bare, SuvType::body_weight), data,
                       AllOf(HasSubstr("RadiopharmaceuticalStartTime (0018,1072) has no date"),
                             HasSubstr("half-life of 78.4 hours"), HasSubstr("multiplies SUV by 1.24"),
                             HasSubstr("suv: bw after 4 days")));
  const Volume stated = to_suv(bare, SuvType::body_weight, 4);
  EXPECT_NEAR(mean_of(stated), mean_of(dated), 1e-5 * mean_of(dated));
  EXPECT_NEAR(stated.data.max().item<double>(), 22.298, 2e-3);
  EXPECT_THAT(stated.warnings, IsEmpty());
  EXPECT_EQ(to_suv(read_volume(cases / "with_date"), SuvType::body_weight, 4).data.max().item<double>(),
            dated.data.max().item<double>());
  PHOTO51_EXPECT_ERROR(to_suv(read_volume(cases / "with_date"), SuvType::body_weight, 2), data,
                       HasSubstr("lies 4 days before the scan, but the config says 2"));
}

TEST(SuvDays, AreReadFromTheConfig) {
  EXPECT_EQ(suv_request_from("lbm").days, std::nullopt);
  const SuvRequest request = suv_request_from("bsa after 4 days");
  EXPECT_EQ(request.type, SuvType::body_surface);
  EXPECT_EQ(request.days, 4);
  EXPECT_EQ(suv_request_from("bw after 1 day").days, 1);
  EXPECT_EQ(suv_request_from("bw after 0 days").days, 0);
  for (const char* text :
       {"bw after", "bw after x days", "bw after -1 days", "bw after 4", "bw after 4.5 days"})
    EXPECT_THAT(test::message_of(core::Fault::usage, [&] { suv_request_from(text); }),
                testing::AnyOf(HasSubstr("bw after 4 days"), HasSubstr("there is no SUV type")));
}

TEST(SuvDays, EnhancedPetHasItsSuv) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c08_pet_enhanced");
  const fs::path path = test::shared_cases() / "dicom/c08_pet_enhanced/enhanced.dcm";
  const Volume activity = read_volume(path);
  EXPECT_EQ(activity.units, Units::becquerel_per_ml);
  const Volume suv = to_suv(activity, SuvType::body_weight);
  // 350 MBq an hour before the time that the values are corrected to, 70 kg.
  const double factor = 70000 / (350e6 * std::exp2(-3600 / 6586.2));
  EXPECT_NEAR(mean_of(suv), mean_of(activity) * factor, 1e-6 * mean_of(suv));
  EXPECT_EQ(suv.units, Units::suv);
  EXPECT_THAT(suv.warnings, IsEmpty());
  // Slopes of 0.5, 1 and 1.5 make the same activity of three frames.
  EXPECT_NEAR(activity.data.min().item<double>(), 5000, 1);
  EXPECT_NEAR(activity.data.max().item<double>(), 5000, 1);

  const test::TemporaryFolder folder;
  const auto refused = [&](const DcmTagKey& tag, const char* text, const char* message) {
    test::edit_dicom(path, folder / "a.dcm", {{tag, text}});
    PHOTO51_EXPECT_ERROR(to_suv(read_volume(folder / "a.dcm"), SuvType::body_weight), data,
                         HasSubstr(message));
  };
  refused(DCM_DecayCorrected, "NO", "DecayCorrected (0018,9758) is `NO`");
  refused(DCM_DecayCorrectionDateTime, "", "DecayCorrectionDateTime (0018,9701) is missing");
  refused(DCM_AttenuationCorrected, "NO", "AttenuationCorrected (0018,9759) is not YES");
  refused(DCM_PatientWeight, "seventy", "PatientWeight (0010,1030) is `seventy`, which is no usable number");
}

TEST(SuvDays, TimesThatCannotBeReadAreNamed) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c06_pet_days");
  const fs::path slice = test::shared_cases() / "dicom/c06_pet_days/with_date/000.dcm";
  const test::TemporaryFolder folder;
  const auto refused = [&](const DcmTagKey& tag, const char* text, const char* message) {
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(slice.c_str()).good());
    file.loadAllDataIntoMemory();
    DcmItem* dose = nullptr;
    file.getDataset()->findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, dose);
    test::put(tag == DCM_DecayCorrectionDateTime ? *file.getDataset() : *dose, tag, text);
    test::save(file, folder / "a.dcm");
    PHOTO51_EXPECT_ERROR(to_suv(read_volume(folder / "a.dcm"), SuvType::body_weight), data,
                         HasSubstr(message));
  };
  refused(DCM_RadiopharmaceuticalStartDateTime, "2024-01-02 10:00",
          "RadiopharmaceuticalStartDateTime (0018,1078) is `2024-01-02 10:00`, which is no date and time");
  refused(DCM_RadiopharmaceuticalStartTime, "10 am",
          "RadiopharmaceuticalStartTime (0018,1072) is `10 am`, which is no time");
  refused(DCM_DecayCorrectionDateTime, "noon",
          "DecayCorrectionDateTime (0018,9701) is `noon`, which is no date and time");
}

TEST(SuvDays, EnhancedPetSaysItsUnits) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c08_pet_enhanced");
  const fs::path path = test::shared_cases() / "dicom/c08_pet_enhanced/enhanced.dcm";
  const test::TemporaryFolder folder;
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(path.c_str()).good());
  file.loadAllDataIntoMemory();
  for (long f = 0; f < 3; ++f) {
    DcmItem* frame = nullptr;
    DcmItem* rescale = nullptr;
    ASSERT_TRUE(
        file.getDataset()->findAndGetSequenceItem(DCM_PerFrameFunctionalGroupsSequence, frame, f).good());
    ASSERT_TRUE(frame->findAndGetSequenceItem(DCM_PixelValueTransformationSequence, rescale).good());
    test::put(*rescale, DCM_RescaleType, "US");
  }
  test::save(file, folder / "a.dcm");
  const Volume volume = read_volume(folder / "a.dcm");
  EXPECT_EQ(volume.units, Units::unknown);
  PHOTO51_EXPECT_ERROR(to_suv(volume, SuvType::body_weight), data,
                       HasSubstr("RescaleType (0028,1054) are US, so SUV cannot be computed"));
}

}  // namespace
}  // namespace photo51::imaging

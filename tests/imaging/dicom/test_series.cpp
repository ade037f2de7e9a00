/// Which images of a folder are one series, and how those at one place are told apart.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_file.hpp"
#include "support/dicom_objects.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using test::refusal;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class DicomSeries : public testing::Test {
 protected:
  void slice(const std::string& name, double z, int value, const test::DicomEdits& edits) {
    test::write_slice(folder_ / (name + ".dcm"), "MR", 4, z, value, edits);
  }
  static std::vector<int> values(const Volume& v, int64_t channel) {
    std::vector<int> found;
    for (int64_t z = 0; z < v.data.size(1); ++z)
      found.push_back(static_cast<int>(v.data[channel][z][0][0].item<double>()));
    return found;
  }
  test::TemporaryFolder folder_;
};

const ReadOptions kChannels{.dicom = {.duplicates = RepeatedSlices::channels}},
    kFirst{.dicom = {.duplicates = RepeatedSlices::first}};

TEST_F(DicomSeries, AUidForEverySliceIsReadOnRequest) {
  for (int k = 0; k < 3; ++k)
    slice("canon/" + std::to_string(k), 2.0 * k, 10 + k,
          {{DCM_SeriesInstanceUID, "1.2.3." + std::to_string(k)}, {DCM_SeriesDescription, "Head 0.5"}});
  const std::string canon = (folder_ / "canon").string();
  EXPECT_THAT(refusal(canon),
              AllOf(HasSubstr("holds 3 series"), HasSubstr("each image has a SeriesInstanceUID of its own"),
                    HasSubstr("name it as " + canon + "#*")));
  EXPECT_THAT(values(read_volume(canon + "#*"), 0), ElementsAre(10, 11, 12));
  EXPECT_EQ(inspect(canon + "#*").size.value()[2], 3);
  // What the user calls one stack and the headers do not is refused all the same.
  slice("canon/3", 6, 13, {{DCM_SeriesInstanceUID, "1.2.3.9"}, {DCM_SeriesDescription, "Body 5.0"}});
  EXPECT_THAT(refusal(canon + "#*"), HasSubstr("0.dcm and 3.dcm differ in SeriesDescription (0008,103E)"));
  EXPECT_THAT(refusal(canon), Not(HasSubstr("#*")));
}

TEST_F(DicomSeries, WithoutAUidAreNoSeries) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c14_uid_per_slice");
  const std::string mixed = (test::shared_cases() / "dicom/c14_uid_per_slice/no_uid_contiguous").string();
  EXPECT_THAT(refusal(mixed), HasSubstr("8 images have no SeriesInstanceUID (0020,000E)"));
  EXPECT_THAT(refusal(mixed + "#*"), HasSubstr("differ in SeriesDescription"));
  EXPECT_THAT(inspect(mixed).error, HasSubstr("SeriesInstanceUID"));
  slice("blank/0", 0, 1, {{DCM_SeriesInstanceUID, ""}});
  EXPECT_EQ(read_volume(folder_ / "blank").data.numel(), 16);  // one image is nobody's neighbour
  slice("blank/1", 2, 2, {{DCM_SeriesInstanceUID, ""}});
  EXPECT_THAT(refusal(folder_ / "blank"), HasSubstr("SeriesInstanceUID (0020,000E)"));
  EXPECT_THAT(values(read_volume((folder_ / "blank").string() + "#*"), 0), ElementsAre(1, 2));
}

TEST_F(DicomSeries, OfTwoPatientsOrModalitiesIsNone) {
  slice("a/0", 0, 1, {});
  slice("a/1", 2, 2, {{DCM_PatientID, "Secret^One"}});
  EXPECT_EQ(read_volume(folder_ / "a").geometry.size[2], 2);  // one of them says nothing
  slice("a/2", 4, 3, {{DCM_PatientID, "Secret^Two"}});
  EXPECT_THAT(refusal(folder_ / "a"),
              AllOf(HasSubstr("1.dcm and 2.dcm differ in PatientID (0010,0020)"), Not(HasSubstr("Secret"))));
  slice("b/0", 0, 1, {});
  slice("b/1", 2, 2, {{DCM_Modality, "PT"}});
  EXPECT_THAT(refusal(folder_ / "b"), HasSubstr("0.dcm and 1.dcm differ in Modality (0008,0060)"));
}

TEST_F(DicomSeries, DescriptionsHaveTheirCharacterSet) {
  slice("a/0", 0, 1,
        {{DCM_SpecificCharacterSet, "ISO_IR 100"},
         {DCM_SeriesDescription,
          "Gehirn\xF6"
          "dem"}});
  slice("a/1", 0, 2, {{DCM_SeriesInstanceUID, "1.9"}, {DCM_SeriesDescription, "T2"}});
  const std::string a = (folder_ / "a").string();
  EXPECT_EQ(values(read_volume(a + "#desc:Gehirnödem"), 0)[0], 1);
  EXPECT_THAT(refusal(a), HasSubstr("\"Gehirnödem\""));
}

TEST_F(DicomSeries, DixonImagesMakeOneChannelAType) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c02_mdixon");
  const fs::path dixon = test::shared_cases() / "dicom/c02_mdixon/shuffled";
  const Volume all = read_volume(dixon, kChannels);
  EXPECT_THAT(all.channels, ElementsAre("ImageType W", "ImageType F", "ImageType IP", "ImageType OP"));
  // Files I001, I005, … are water, I002, I006, … fat.
  const std::vector<std::string> files{"I001", "I002", "I003", "I004"};
  for (size_t c = 0; c < 4; ++c)
    for (int64_t z = 0; z < 5; ++z) {
      char name[8];
      std::snprintf(name, sizeof name, "I%03d", static_cast<int>(4 * z) + static_cast<int>(c) + 1);
      EXPECT_TRUE(at::equal(all.data[static_cast<int64_t>(c)][z], read_volume(dixon / name).data[0][0]))
          << name;
    }
  const Volume water = read_volume(dixon, kFirst);
  EXPECT_TRUE(at::equal(water.data[0], all.data[0]));
  EXPECT_THAT(water.warnings, ElementsAre(AllOf(HasSubstr("they differ in ImageType"), HasSubstr("\\W\\W"))));
  EXPECT_THAT(refusal(dixon), HasSubstr("they differ in ImageType (0008,0008)"));
}

TEST_F(DicomSeries, KindsThatDifferFromPlaceToPlaceAreRefused) {
  for (int k = 0; k < 2; ++k) {
    slice("a/w" + std::to_string(k), 2.0 * k, 1, {{DCM_ImageType, "ORIGINAL\\PRIMARY\\W"}});
    slice("a/f" + std::to_string(k), 2.0 * k, 2,
          {{DCM_ImageType, k == 0 ? "ORIGINAL\\PRIMARY\\F" : "ORIGINAL\\PRIMARY\\IP"}});
  }
  EXPECT_THAT(refusal(folder_ / "a", kChannels), HasSubstr("ImageType (0008,0008) is not the same"));
  EXPECT_THAT(values(read_volume(folder_ / "a", kFirst), 0), ElementsAre(1, 1));  // water is everywhere
  fs::remove(folder_ / "a/w1.dcm");
  fs::remove(folder_ / "a/f0.dcm");
  slice("a/x1", 2, 3, {{DCM_ImageType, "ORIGINAL\\PRIMARY\\OP"}});
  EXPECT_THAT(refusal(folder_ / "a", kFirst), HasSubstr("ImageType (0008,0008) is not the same"));
}

TEST_F(DicomSeries, SeveralKeysTogetherNameChannels) {
  int number = 0;
  for (int k = 0; k < 2; ++k)
    for (const char* type : {"P", "M"})
      for (const char* echo : {"5", "10"}) {
        const std::string text = std::to_string(++number);
        slice("a/" + text, 2.0 * k, number,
              {{DCM_EchoTime, echo},
               {DCM_ImageType, std::string("ORIGINAL\\PRIMARY\\") + type},
               {DCM_AcquisitionTime, k == 0 ? "100000" : "090000"},
               {DCM_InstanceNumber, text}});
      }
  const Volume all = read_volume(folder_ / "a", kChannels);
  EXPECT_THAT(all.channels, ElementsAre("EchoTime 5, ImageType P", "EchoTime 5, ImageType M",
                                        "EchoTime 10, ImageType P", "EchoTime 10, ImageType M"));
  EXPECT_THAT(values(all, 0), ElementsAre(1, 5));
  EXPECT_THAT(values(all, 3), ElementsAre(4, 8));
}

TEST_F(DicomSeries, TimesAreRankedAtEachPlace) {
  for (int k = 0; k < 2; ++k)
    for (int t = 0; t < 2; ++t)
      slice("a/" + std::to_string(k) + std::to_string(t), 2.0 * k, 10 * t + k,
            {{DCM_TriggerTime, std::to_string(100 * t + 10 * k)}});
  const Volume gated = read_volume(folder_ / "a", kChannels);
  EXPECT_THAT(gated.channels, ElementsAre("TriggerTime no. 1", "TriggerTime no. 2"));
  ASSERT_EQ(gated.seconds.size(), 2U);
  EXPECT_NEAR(gated.seconds[1], 0.1, 1e-9);
  EXPECT_THAT(values(gated, 1), ElementsAre(10, 11));
}

TEST_F(DicomSeries, RoundedPositionsAreEven) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c13_uneven");
  const Volume even = read_volume(test::shared_cases() / "dicom/c13_uneven/r0625");
  EXPECT_EQ(even.geometry.spacing[2], 0.625);
  EXPECT_THAT(even.warnings, IsEmpty());
}

TEST_F(DicomSeries, RoundingDoesNotHideAMissingSlice) {
  const auto stack = [&](const std::string& name, const std::vector<const char*>& positions) {
    for (size_t k = 0; k < positions.size(); ++k)
      slice(name + "/" + std::to_string(k), 0, 1,
            {{DCM_ImagePositionPatient, std::string("0\\0\\") + positions[k]}});
    return folder_ / name;
  };
  EXPECT_THAT(refusal(stack("gap", {"0", "0.6", "1.3", "2.5", "3.1", "3.8"})), HasSubstr("missing"));
  EXPECT_THAT(refusal(stack("whole", {"0", "1", "2", "4", "5", "6"})), HasSubstr("missing"));
  EXPECT_THAT(refusal(stack("uneven", {"0.0", "1.0", "2.3", "3.0"})), HasSubstr("unevenly spaced"));
  // Thirds of a millimetre with one digit, and slices across the room's diagonal.
  EXPECT_NEAR(read_volume(stack("thirds", {"0", "1.3", "2.7", "4", "5.3", "6.7", "8"})).geometry.spacing[2],
              4.0 / 3, 1e-9);
}

TEST_F(DicomSeries, AGapOfNearlyAllSlicesIsNotInterpolated) {
  for (const int z : {0, 1, 100}) slice("a/" + std::to_string(z), z, 1, {});
  EXPECT_THAT(refusal(folder_ / "a", {.dicom = {.gaps = SliceGaps::interpolate}}),
              HasSubstr("slices lie 100 mm apart with 1 mm between most of them; too much is missing to "
                        "interpolate"));
}

TEST_F(DicomSeries, LinksThatLeadNowhereOrInACircleArePassedOver) {
  for (int k = 0; k < 2; ++k) slice("s/" + std::to_string(k), 2.0 * k, 10 + k, {});
  const fs::path folder = folder_ / "s";
  fs::create_directory_symlink(".", folder / "here");
  fs::create_symlink("loop", folder / "loop");
  fs::create_symlink("absent.dcm", folder / "absent.dcm.dcm");
  EXPECT_THAT(values(read_volume(folder), 0), ElementsAre(10, 11));
  EXPECT_EQ(inspect(folder.string()).size.value()[2], 2);
  fs::create_directory(folder_ / "links");
  fs::create_symlink("loop", folder_ / "links/loop");
  fs::create_directory_symlink(".", folder_ / "links/here");
  EXPECT_THAT(refusal((folder_ / "links").string()), HasSubstr("holds no DICOM image"));
  EXPECT_THAT(refusal((folder_ / "links/loop").string()), HasSubstr("loop"));
}

}  // namespace
}  // namespace photo51::imaging

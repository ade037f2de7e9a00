/// Numbers of headers and bytes of pixels that are written in odd ways.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "photo51/core/files.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_file.hpp"
#include "support/dicom_objects.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using test::DicomFile;
using test::refusal;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DicomValues : public testing::Test {
 protected:
  /// A CT slice of 2 x 1 pixels, 100 and 1100.
  static DicomFile ct() {
    DicomFile file;
    file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2").text(0x00080060, "CS", "CT");
    file.text(0x0020000E, "UI", "1.2.3").text(0x00180050, "DS", "2");
    file.text(0x00200032, "DS", "0\\0\\0").text(0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    file.text(0x00280030, "DS", "1\\1").text(0x00281052, "DS", "-1024").text(0x00281053, "DS", "1");
    file.pixels16(1, 2, 1, 16, {100, 1100});
    return file;
  }
  fs::path path() const { return folder_ / "a.dcm"; }
  test::TemporaryFolder folder_;
};

TEST_F(DicomValues, NumbersMayBePaddedWithAnything) {
  for (const std::string& text : {std::string("-1024\n"), std::string("-1024\r\n"), std::string("-1024\0", 6),
                                  std::string("-1024\n\0", 7), std::string(" -1024 "), std::string("-1024\t"),
                                  std::string("-1024.0\0\0\0", 10), std::string("-1.024e3")}) {
    ct().text(0x00281052, "DS", text).save(path());
    const Volume volume = read_volume(path());
    EXPECT_EQ(volume.data.flatten()[0].item<int>(), -924) << testing::PrintToString(text);
    EXPECT_EQ(inspect(path()).min, -924) << testing::PrintToString(text);
  }
}

TEST_F(DicomValues, UnreadableNumbersAreNamed) {
  struct Case {
    uint32_t tag;
    const char *text, *message;
  };
  const Case cases[] = {
      {0x00281053, "2,5", "a.dcm: RescaleSlope (0028,1053) is `2,5`, which is no usable number"},
      {0x00281053, "1e300", "RescaleSlope (0028,1053) is `1e300`"},
      {0x00281053, "inf", "RescaleSlope (0028,1053) is `inf`"},
      {0x00281053, "nan", "RescaleSlope (0028,1053) is `nan`"},
      {0x00281053, "1\\1", "RescaleSlope (0028,1053) is `1\\1`, not 1 number"},
      {0x00281053, "1e-30", "RescaleSlope (0028,1053) is 1e-30"},
      {0x00281052, "-1024 HU", "RescaleIntercept (0028,1052) is `-1024 HU`"},
      {0x00281053, "", "needs RescaleSlope (0028,1053)"},
      {0x00281052, "  ", "RescaleIntercept is missing or empty"},
      {0x00280030, "1,5\\1,5", "PixelSpacing (0028,0030) is `1,5\\1,5`, which is not all usable"},
      {0x00280030, "1", "PixelSpacing (0028,0030) is `1`, not 2 numbers"},
      {0x00200032, "0\\0", "ImagePositionPatient (0020,0032) is `0\\0`, not 3 numbers"},
      {0x00180050, "2 mm", "SliceThickness (0018,0050) is `2 mm`"},
      {0x00280008, "1.5", "NumberOfFrames (0028,0008) is `1.5`, not a whole number"}};
  for (const Case& c : cases) {
    ct().text(c.tag, "DS", c.text).save(path());
    EXPECT_THAT(refusal(path()), HasSubstr(c.message));
    EXPECT_THAT(inspect(path()).error, HasSubstr(c.message));
  }
}

TEST_F(DicomValues, ADamagedSeriesDoesNotSpoilItsNeighbour) {
  fs::create_directories(folder_ / "two");
  ct().save(folder_ / "two/a.dcm");
  ct().text(0x0020000E, "UI", "1.2.4").text(0x00281053, "DS", "x").save(folder_ / "two/b.dcm");
  EXPECT_EQ(read_volume(folder_ / "two", {.series = "1.2.3"}).data.numel(), 2);
  EXPECT_THAT(refusal(folder_ / "two", {.series = "1.2.4"}),
              HasSubstr("b.dcm: RescaleSlope (0028,1053) is `x`"));
}

TEST_F(DicomValues, RescaleIsThatOfEverySliceOrOfNone) {
  const auto slice = [&](const char* name, double z, const test::DicomEdits& edits) {
    test::write_slice(folder_ / name, "MR", 2, z, 10, edits);
  };
  slice("own/1.dcm", 0, {{DCM_RescaleSlope, "2"}});
  slice("own/2.dcm", 2, {{DCM_RescaleSlope, "3"}});
  const Volume own = read_volume(folder_ / "own");
  EXPECT_EQ(own.data[0][0][0][0].item<double>(), 20);
  EXPECT_EQ(own.data[0][1][0][0].item<double>(), 30);
  slice("some/1.dcm", 0, {});
  slice("some/2.dcm", 2, {{DCM_RescaleSlope, ""}});
  EXPECT_THAT(refusal(folder_ / "some"),
              AllOf(HasSubstr("2.dcm: has no RescaleSlope (0028,1053)"), HasSubstr("unlike 1.dcm")));
  slice("half/1.dcm", 0, {});
  slice("half/2.dcm", 2, {{DCM_RescaleIntercept, ""}});
  EXPECT_THAT(refusal(folder_ / "half"), HasSubstr("has no RescaleIntercept (0028,1052)"));
  slice("units/1.dcm", 0, {{DCM_Units, "BQML"}});
  slice("units/2.dcm", 2, {{DCM_Units, "CNTS"}});
  EXPECT_THAT(refusal(folder_ / "units"), HasSubstr("2.dcm: is in `CNTS`"));
  slice("color/1.dcm", 0, {});
  slice("color/2.dcm", 2, {{DCM_PhotometricInterpretation, "MONOCHROME1"}});
  EXPECT_THAT(refusal(folder_ / "color"), HasSubstr("PhotometricInterpretation (0028,0004) MONOCHROME1"));
}

TEST_F(DicomValues, PetNeedsItsRescale) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c07_pet_rescale");
  const fs::path cases = test::shared_cases() / "dicom/c07_pet_rescale";
  EXPECT_THAT(refusal(cases / "missing"), HasSubstr("a PET needs RescaleSlope (0028,1053)"));
  EXPECT_THAT(refusal(cases / "comma"), HasSubstr("RescaleSlope (0028,1053) is `2,5`"));
  EXPECT_THAT(inspect(cases / "missing").error, HasSubstr("RescaleSlope"));
  EXPECT_THAT(inspect(cases / "missing/000.dcm").error, HasSubstr("RescaleSlope"));
  EXPECT_THAT(inspect(cases / "comma").error, HasSubstr("RescaleSlope"));
}

/// Explicit big endian, 32-bit words in the representation that the standard asks for.
TEST_F(DicomValues, WideWordsInBigEndian) {
  DcmFileFormat file;
  DcmDataset& d = *file.getDataset();
  test::put(d, DCM_SOPClassUID, UID_RTDoseStorage);
  test::put(d, DCM_SOPInstanceUID, "1.2.9");
  test::put(d, DCM_Modality, "RTDOSE");
  test::put(d, DCM_DoseUnits, "GY");
  test::put(d, DCM_DoseGridScaling, "1e-6");
  test::put(d, DCM_GridFrameOffsetVector, "0\\3");
  test::put(d, DCM_NumberOfFrames, "2");
  test::put(d, DCM_ImagePositionPatient, "0\\0\\0");
  test::put(d, DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
  test::put(d, DCM_PixelSpacing, "1\\1");
  test::put(d, DCM_SamplesPerPixel, "1");
  test::put(d, DCM_PhotometricInterpretation, "MONOCHROME2");
  test::put(d, DCM_Rows, "1");
  test::put(d, DCM_Columns, "2");
  for (const DcmTagKey& tag : {DCM_BitsAllocated, DCM_BitsStored}) test::put(d, tag, "32");
  test::put(d, DCM_HighBit, "31");
  test::put(d, DCM_PixelRepresentation, "0");
  const std::vector<Uint32> words{1010000, 1, 70000, 3000000000U};
  std::vector<Uint16> halves;  // low half first, as a little-endian machine has them
  for (const Uint32 word : words) {
    halves.push_back(static_cast<Uint16>(word & 0xFFFF));
    halves.push_back(static_cast<Uint16>(word >> 16));
  }
  d.putAndInsertUint16Array(DCM_PixelData, halves.data(), static_cast<unsigned long>(halves.size()));
  ASSERT_TRUE(file.saveFile((folder_ / "little.dcm").c_str(), EXS_LittleEndianExplicit).good());
  // The same bytes as big-endian words: the halves of each word change places too.
  for (size_t i = 0; i < halves.size(); i += 2) std::swap(halves[i], halves[i + 1]);
  d.putAndInsertUint16Array(DCM_PixelData, halves.data(), static_cast<unsigned long>(halves.size()));
  ASSERT_TRUE(file.saveFile((folder_ / "big.dcm").c_str(), EXS_BigEndianExplicit).good());
  for (const char* name : {"little.dcm", "big.dcm"}) {
    const Volume dose = read_volume(folder_ / name);
    EXPECT_NEAR(dose.data.flatten()[0].item<double>(), 1.01, 1e-6) << name;
    EXPECT_NEAR(dose.data.flatten()[2].item<double>(), 0.07, 1e-8) << name;
    EXPECT_NEAR(dose.data.flatten()[3].item<double>(), 3000, 1e-3) << name;
    EXPECT_THAT(dose.warnings, IsEmpty()) << name;
  }
}

TEST_F(DicomValues, OddKindsOfDose) {
  DicomFile dose = ct();
  dose.text(0x00080060, "CS", "RTDOSE").text(0x30040002, "CS", "RELATIVE").text(0x3004000E, "DS", "0.5");
  dose.remove(0x00281052).remove(0x00281053).save(path());
  const Volume relative = read_volume(path());
  EXPECT_EQ(relative.data.flatten()[0].item<double>(), 50);
  EXPECT_THAT(relative.warnings, ElementsAre(HasSubstr("DoseUnits (3004,0002) are RELATIVE")));
  dose.text(0x3004000E, "DS", "0,5").save(path());
  EXPECT_THAT(refusal(path()), HasSubstr("DoseGridScaling (3004,000E) is `0,5`"));
  dose.remove(0x3004000E).save(path());
  EXPECT_THAT(refusal(path()), HasSubstr("a dose needs DoseGridScaling (3004,000E)"));
}

TEST_F(DicomValues, AFolderHasTheWarningsOfItsFiles) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c18_padding");
  const fs::path cases = test::shared_cases() / "dicom/c18_padding";
  for (const char* path : {"one/000.dcm", "one", "folder"}) {
    const Inspection found = inspect(cases / path);
    EXPECT_THAT(found.warnings, testing::Contains(HasSubstr("compressed with loss"))) << path;
    EXPECT_THAT(found.warnings, testing::Contains(HasSubstr("PixelPaddingValue (0028,0120), -3024"))) << path;
    EXPECT_EQ(inspect(cases / path).warnings.size(), inspect(cases / "folder").warnings.size()) << path;
    // Training hears of them too.
    EXPECT_THAT(read_volume(cases / path).warnings, testing::Contains(HasSubstr("PixelPaddingValue")))
        << path;
  }
}

}  // namespace
}  // namespace photo51::imaging

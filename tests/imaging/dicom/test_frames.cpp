/// Objects with many frames, and pixels that are stored in odd ways.

#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "imaging/dicom/functional_groups.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_file.hpp"
#include "support/dicom_objects.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using test::refusal;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A DICOM file of `frames` frames of 3 x 2 pixels that count up from 0.
class DicomFrames : public testing::Test {
 protected:
  void put(const DcmTagKey& tag, const std::string& value) { put(*file_.getDataset(), tag, value); }
  static void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
    test::put(item, tag, value);
  }
  void put(const DcmTagKey& tag, Uint16 value) { file_.getDataset()->putAndInsertUint16(DcmTag(tag), value); }

  void make(const char* sop_class, const std::string& modality, Uint16 frames, Uint16 bits = 16) {
    put(DCM_SOPClassUID, sop_class);
    put(DCM_SOPInstanceUID, "2.25.1");
    put(DCM_SeriesInstanceUID, "2.25.2");
    put(DCM_Modality, modality);
    put(DCM_NumberOfFrames, std::to_string(frames));
    put(DCM_Rows, 2);
    put(DCM_Columns, 3);
    put(DCM_SamplesPerPixel, 1);
    put(DCM_PhotometricInterpretation, "MONOCHROME2");
    put(DCM_BitsAllocated, bits);
    put(DCM_BitsStored, bits);
    put(DCM_HighBit, static_cast<Uint16>(bits - 1));
    put(DCM_PixelRepresentation, 0);
    std::vector<Uint16> values;
    for (Uint16 i = 0; i < 6 * frames; ++i) values.push_back(i);
    file_.getDataset()->putAndInsertUint16Array(DCM_PixelData, values.data(), values.size());
  }
  /// The shared or a frame's own item of a functional group.
  DcmItem& group(const DcmTagKey& place, long frame, const DcmTagKey& name) {
    DcmItem *item = nullptr, *inner = nullptr;
    file_.getDataset()->findOrCreateSequenceItem(DcmTag(place), item, frame);
    item->findOrCreateSequenceItem(DcmTag(name), inner, 0);
    return *inner;
  }
  DcmItem& shared(const DcmTagKey& name) { return group(DCM_SharedFunctionalGroupsSequence, 0, name); }
  DcmItem& own(long frame, const DcmTagKey& name) {
    return group(DCM_PerFrameFunctionalGroupsSequence, frame, name);
  }
  /// An enhanced object whose frames lie at these z.
  void make_enhanced(const char* sop_class, const std::string& modality, const std::vector<double>& z) {
    make(sop_class, modality, static_cast<Uint16>(z.size()));
    put(shared(DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
    put(shared(DCM_PixelMeasuresSequence), DCM_PixelSpacing, "0.5\\0.25");
    put(shared(DCM_PixelMeasuresSequence), DCM_SliceThickness, "2");
    for (size_t f = 0; f < z.size(); ++f)
      put(own(static_cast<long>(f), DCM_PlanePositionSequence), DCM_ImagePositionPatient,
          "10\\20\\" + std::to_string(z[f]));
  }
  fs::path save(E_TransferSyntax syntax = EXS_LittleEndianExplicit) {
    const fs::path path = folder_ / "object.dcm";
    EXPECT_TRUE(file_.saveFile(path.c_str(), syntax).good());
    return path;
  }

  DcmFileFormat file_;
  test::TemporaryFolder folder_;
};

TEST_F(DicomFrames, LieInOrderOfTheirPositions) {
  make_enhanced(UID_EnhancedMRImageStorage, "MR", {4, 0, 2});
  const Volume volume = read_volume(save());
  EXPECT_THAT(volume.geometry.size, ElementsAre(3, 2, 3));
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(0.25, 0.5, 2));
  EXPECT_THAT(volume.geometry.origin, ElementsAre(10, 20, 0));
  EXPECT_THAT(volume.warnings, IsEmpty());
  const at::Tensor first = at::arange(6).view({2, 3}).to(volume.data.scalar_type());
  EXPECT_TRUE(at::equal(volume.data[0][0], first + 6));
  EXPECT_TRUE(at::equal(volume.data[0][1], first + 12));
  EXPECT_TRUE(at::equal(volume.data[0][2], first));
}

TEST_F(DicomFrames, HaveTheirOwnRescale) {
  make_enhanced(UID_EnhancedPETImageStorage, "PT", {0, 2});
  for (long f = 0; f < 2; ++f) {
    DcmItem& item = own(f, DCM_PixelValueTransformationSequence);
    put(item, DCM_RescaleSlope, f == 0 ? "0.5" : "2");
    put(item, DCM_RescaleIntercept, "1");
  }
  const Volume volume = read_volume(save());
  EXPECT_EQ(volume.data[0][0][1][2].item<float>(), 5 * 0.5F + 1);
  EXPECT_EQ(volume.data[0][1][1][2].item<float>(), 11 * 2.0F + 1);
  put(own(1, DCM_PixelValueTransformationSequence), DCM_RescaleSlope, "0");
  EXPECT_THAT(refusal(save()), HasSubstr("RescaleSlope (0028,1053) is 0"));
}

TEST_F(DicomFrames, OfACtNeedARescale) {
  make_enhanced(UID_EnhancedCTImageStorage, "CT", {0, 2});
  EXPECT_THAT(refusal(save()), HasSubstr("a CT needs RescaleSlope (0028,1053)"));
  // What it is can be said all the same; numbers of no known unit cannot.
  const Inspection found = inspect(folder_ / "object.dcm");
  EXPECT_THAT(found.error, HasSubstr("a CT needs RescaleSlope (0028,1053)"));
  EXPECT_EQ(found.modality, Modality::ct);
  EXPECT_FALSE(found.measured);
}

TEST_F(DicomFrames, OverTimeBecomeChannels) {
  make_enhanced(UID_EnhancedMRImageStorage, "MR", {0, 2, 0, 2});
  for (long f = 0; f < 4; ++f) {
    own(f, DCM_FrameContentSequence)
        .putAndInsertUint32(DCM_TemporalPositionIndex, static_cast<Uint32>(f < 2 ? 2 : 1));
    own(f, DCM_TemporalPositionSequence).putAndInsertFloat64(DCM_TemporalPositionTimeOffset, f < 2 ? 9 : 4);
  }
  EXPECT_THAT(read_volume(save()).seconds, ElementsAre(0, 5));  // without being asked: time is no mistake
  const Volume volume = read_volume(save(), {.dicom = {.duplicates = RepeatedSlices::channels}});
  EXPECT_THAT(volume.data.sizes(), ElementsAre(2, 2, 2, 3));
  EXPECT_THAT(volume.channels, ElementsAre("TemporalPositionIndex 1", "TemporalPositionIndex 2"));
  EXPECT_THAT(volume.seconds, ElementsAre(0, 5));
  EXPECT_EQ(volume.data[0][0][0][0].item<int>(), 12);
  EXPECT_EQ(volume.data[1][1][0][0].item<int>(), 6);
  EXPECT_THAT(inspect(folder_ / "object.dcm").size.value(), ElementsAre(3, 2, 4));
}

TEST_F(DicomFrames, OfDiffusionNameTheirWeighting) {
  make_enhanced(UID_EnhancedMRImageStorage, "MR", {0, 0});
  for (long f = 0; f < 2; ++f)
    own(f, DCM_MRDiffusionSequence).putAndInsertFloat64(DCM_DiffusionBValue, f == 0 ? 800 : 50);
  const Volume volume = read_volume(save(), {.dicom = {.duplicates = RepeatedSlices::channels}});
  EXPECT_THAT(volume.b_values, ElementsAre(50, 800));
  EXPECT_EQ(volume.data[0][0][0][0].item<int>(), 6);
}

TEST_F(DicomFrames, NeedAGroupEach) {
  make_enhanced(UID_EnhancedMRImageStorage, "MR", {0, 2});
  put(DCM_NumberOfFrames, "3");
  std::vector<Uint16> values(18);
  file_.getDataset()->putAndInsertUint16Array(DCM_PixelData, values.data(), values.size());
  EXPECT_THAT(refusal(save()),
              HasSubstr("PerFrameFunctionalGroupsSequence (5200,9230) has 2 items for 3 frames"));
}

TEST_F(DicomFrames, WithoutPlacesAreNotPlaced) {
  make(UID_MultiframeGrayscaleWordSecondaryCaptureImageStorage, "OT", 3);
  const Volume volume = read_volume(save());
  EXPECT_FALSE(volume.spacing_known);
  EXPECT_FALSE(volume.orientation_known);
  EXPECT_EQ(volume.data.sum().item<int>(), 17 * 18 / 2);
  const Inspection found = inspect(folder_ / "object.dcm");
  EXPECT_FALSE(found.spacing.has_value());
  EXPECT_THAT(found.warnings, Contains(HasSubstr("the distance between them is not known")));
}

TEST_F(DicomFrames, OfADoseLieByTheirOffsets) {
  make(UID_RTDoseStorage, "RTDOSE", 3);
  put(DCM_ImagePositionPatient, "1\\2\\3");
  put(DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
  put(DCM_PixelSpacing, "2\\2");
  put(DCM_GridFrameOffsetVector, "0\\-4\\-8");
  EXPECT_THAT(refusal(save()), HasSubstr("a dose needs DoseGridScaling (3004,000E)"));
  put(DCM_DoseGridScaling, "0.5");
  const Volume volume = read_volume(save());
  EXPECT_THAT(volume.geometry.origin, ElementsAre(1, 2, -5));
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(2, 2, 4));
  EXPECT_EQ(volume.data[0][2][1][2].item<float>(), 2.5F);  // frame 1 is the highest
  EXPECT_EQ(inspect(folder_ / "object.dcm").max, 17);      // as stored
  // Of old, the offsets were z itself.
  put(DCM_GridFrameOffsetVector, "3\\-1\\-5");
  EXPECT_THAT(read_volume(save()).geometry.origin, ElementsAre(1, 2, -5));
  put(DCM_GridFrameOffsetVector, "1\\2\\3");
  EXPECT_THAT(refusal(save()), HasSubstr("begins with neither 0 nor the position's z"));
  put(DCM_GridFrameOffsetVector, "0\\-4");
  EXPECT_THAT(refusal(save()), HasSubstr("has 2 numbers for 3 frames"));
}

TEST_F(DicomFrames, PromisedInAbsurdNumbersAreRefusedBeforeThereIsRoom) {
  make(UID_MultiframeGrayscaleWordSecondaryCaptureImageStorage, "OT", 1);
  put(DCM_NumberOfFrames, "900000");
  EXPECT_THAT(refusal(save()), HasSubstr("its header promises 10800000 bytes of pixels in a file of"));
  put(DCM_NumberOfFrames, "2000000000");
  EXPECT_THAT(refusal(save()), HasSubstr("its header is damaged"));
  put(DCM_NumberOfFrames, "0");
  EXPECT_EQ(read_volume(save()).geometry.size[2], 1);
}

TEST_F(DicomFrames, BitsBesideTheValueAreCutAway) {
  make(UID_SecondaryCaptureImageStorage, "OT", 1);
  put(DCM_BitsStored, 12);
  put(DCM_HighBit, 11);
  std::vector<Uint16> values{0x8001, 0x1FFF, 0x0800, 0, 0, 0};  // bit 15 is an overlay
  file_.getDataset()->putAndInsertUint16Array(DCM_PixelData, values.data(), values.size());
  at::Tensor read = read_volume(save()).data.flatten();
  EXPECT_EQ(read[0].item<int>(), 1);
  EXPECT_EQ(read[1].item<int>(), 0xFFF);
  put(DCM_PixelRepresentation, 1);
  read = read_volume(save()).data.flatten();
  EXPECT_EQ(read[1].item<int>(), -1);
  EXPECT_EQ(read[2].item<int>(), -2048);
  // The value in the upper bits.
  put(DCM_PixelRepresentation, 0);
  put(DCM_HighBit, 15);
  EXPECT_EQ(read_volume(save()).data.flatten()[1].item<int>(), 0x1FF);
  put(DCM_BitsStored, 17);
  EXPECT_THAT(refusal(save()), HasSubstr("its header is damaged: 3 x 2 pixels"));
}

TEST_F(DicomFrames, PaletteBecomesColor) {
  make(UID_SecondaryCaptureImageStorage, "OT", 1);
  put(DCM_PhotometricInterpretation, "PALETTE COLOR");
  EXPECT_THAT(refusal(save()), HasSubstr("its lookup table's descriptor is damaged"));
  const auto table = [&](const DcmTagKey& descriptor, const DcmTagKey& data, Uint16 step, Uint16 bits) {
    const Uint16 numbers[3] = {4, 1, bits};
    file_.getDataset()->putAndInsertUint16Array(descriptor, numbers, 3);
    const Uint16 entries[4] = {0, step, static_cast<Uint16>(2 * step), static_cast<Uint16>(3 * step)};
    file_.getDataset()->putAndInsertUint16Array(data, entries, 4);
  };
  for (const Uint16 bits : {Uint16{8}, Uint16{16}}) {
    table(DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData, 10, bits);
    table(DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData, 20, bits);
    table(DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData, 30, bits);
    const Volume volume = read_volume(save());
    EXPECT_THAT(volume.channels, ElementsAre("red", "green", "blue"));
    // Indices 0 to 5 stand for entries 1 to 4 and are clamped to them.
    EXPECT_TRUE(at::equal(volume.data[1].flatten().to(at::kLong), at::tensor({0, 0, 20, 40, 60, 60})));
  }
  const Uint16 numbers[3] = {9, 1, 16};
  file_.getDataset()->putAndInsertUint16Array(DCM_RedPaletteColorLookupTableDescriptor, numbers, 3);
  EXPECT_THAT(refusal(save()), HasSubstr("its lookup table holds 4 of 9 entries"));
  file_.getDataset()->putAndInsertString(DcmTag(DCM_RedPaletteColorLookupTableDescriptor, EVR_LO),
                                         "-100000\\0\\16");
  EXPECT_THAT(refusal(save()), HasSubstr("its lookup table's descriptor is damaged"));
}

TEST_F(DicomFrames, SegmentedPaletteIsSpreadOut) {
  make(UID_SecondaryCaptureImageStorage, "OT", 1);
  put(DCM_PhotometricInterpretation, "PALETTE COLOR");
  const Uint16 numbers[3] = {6, 0, 16};
  // Two entries as they are, then a line of four from the last of them to 500.
  const Uint16 segments[] = {0, 2, 7, 100, 1, 4, 500};
  for (const auto& [descriptor, data] :
       {std::pair{DCM_RedPaletteColorLookupTableDescriptor, DCM_SegmentedRedPaletteColorLookupTableData},
        std::pair{DCM_GreenPaletteColorLookupTableDescriptor, DCM_SegmentedGreenPaletteColorLookupTableData},
        std::pair{DCM_BluePaletteColorLookupTableDescriptor, DCM_SegmentedBluePaletteColorLookupTableData}}) {
    file_.getDataset()->putAndInsertUint16Array(descriptor, numbers, 3);
    file_.getDataset()->putAndInsertUint16Array(data, segments, 7);
  }
  const Volume volume = read_volume(save());
  EXPECT_TRUE(at::equal(volume.data[0].flatten().to(at::kLong), at::tensor({7, 100, 200, 300, 400, 500})));
  const Uint16 empty[] = {0, 2, 7, 100, 1, 0, 500};
  file_.getDataset()->putAndInsertUint16Array(DCM_SegmentedRedPaletteColorLookupTableData, empty, 7);
  EXPECT_THAT(refusal(save()), HasSubstr("its segmented palette has an empty segment"));
}

TEST_F(DicomFrames, ModalityLookupGivesTheValues) {
  make(UID_SecondaryCaptureImageStorage, "OT", 1);
  DcmItem* item = nullptr;
  file_.getDataset()->findOrCreateSequenceItem(DcmTag(DCM_ModalityLUTSequence), item, 0);
  const Uint16 numbers[3] = {3, 2, 16};
  const Uint16 entries[3] = {1000, 2000, 65000};
  item->putAndInsertUint16Array(DCM_LUTDescriptor, numbers, 3);
  item->putAndInsertUint16Array(DCM_LUTData, entries, 3);
  const Volume volume = read_volume(save());
  EXPECT_TRUE(
      at::equal(volume.data.flatten().to(at::kLong), at::tensor({1000, 1000, 1000, 2000, 65000, 65000})));
}

TEST_F(DicomFrames, EveryUncompressedSyntaxGivesTheSameValues) {
  make(UID_SecondaryCaptureImageStorage, "OT", 2);
  for (const E_TransferSyntax syntax : {EXS_LittleEndianImplicit, EXS_LittleEndianExplicit,
                                        EXS_BigEndianExplicit, EXS_DeflatedLittleEndianExplicit}) {
    const Volume volume = read_volume(save(syntax));
    EXPECT_TRUE(at::equal(volume.data.flatten().to(at::kLong), at::arange(12))) << syntax;
  }
}

TEST_F(DicomFrames, FloatPixelsInACompressedSyntaxAreAnError) {
  make(UID_SecondaryCaptureImageStorage, "OT", 1);
  delete file_.getDataset()->remove(DCM_PixelData);
  const Float32 values[6] = {1, 2, 3, 4, 5, 6};
  ASSERT_TRUE(file_.getDataset()->putAndInsertFloat32Array(DCM_FloatPixelData, values, 6).good());
  EXPECT_THAT(refusal(save(EXS_RLELossless)),
              HasSubstr("its transfer syntax is a compressed one, but its pixels are not"));
}

TEST_F(DicomFrames, PaddingIsNamedAndMissingPixelsAreAnError) {
  make(UID_CTImageStorage, "CT", 1);
  put(DCM_RescaleSlope, "1");
  put(DCM_RescaleIntercept, "-1024");
  put(DCM_PixelPaddingValue, 0);
  EXPECT_THAT(inspect(save()).warnings,
              Contains("16.7% of the voxels are PixelPaddingValue (0028,0120), -1024: "
                       "not a part of the image"));
  put(DCM_BurnedInAnnotation, "YES");
  EXPECT_THAT(inspect(save()).phi, Contains("BurnedInAnnotation"));
  delete file_.getDataset()->remove(DCM_PixelData);
  EXPECT_THAT(inspect(save()).error, HasSubstr("is a CTImageStorage without PixelData (7FE0,0010)"));
  put(DCM_NumberOfFrames, "1A");
  EXPECT_THAT(inspect(save()).error,
              HasSubstr("NumberOfFrames (0028,0008) is `1A`, which is no usable number"));
  put(DCM_NumberOfFrames, "-2");
  EXPECT_THAT(inspect(save()).error, HasSubstr("NumberOfFrames (0028,0008) is -2"));
}

TEST_F(DicomFrames, OfRealObjectsMakeVolumes) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files");
  const auto files = test::shared_data() / "dicom/files";
  const Volume mr = read_volume(files / "mr_brucker.dcm");
  EXPECT_THAT(mr.geometry.size, ElementsAre(256, 128, 4));
  EXPECT_NEAR(mr.geometry.spacing[2], 1, 1e-9);
  const Volume dose = read_volume(files / "rtdose_rle.dcm");
  EXPECT_NEAR(dose.data.max().item<float>(), 1.254, 1e-6);  // Gy
  EXPECT_NEAR(dose.geometry.spacing[2], 5, 1e-9);
  EXPECT_TRUE(at::equal(dose.data, read_volume(files / "rtdose.dcm").data));
  for (const char* same : {"emri_small_RLE.dcm", "emri_small_jpeg_ls_lossless.dcm"})
    EXPECT_TRUE(at::equal(read_volume(files / "emri_small.dcm").data, read_volume(files / same).data))
        << same;
  for (const char* same : {"MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm",
                           "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "MR_small_padded.dcm"})
    EXPECT_TRUE(at::equal(read_volume(files / "MR_small.dcm").data, read_volume(files / same).data)) << same;
}

}  // namespace
}  // namespace photo51::imaging

#pragma once
/// Small DICOM objects on disk, element by element, for what the library reads but does not write.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace photo51::test {

/// An element and its text; an empty text removes the element.
using DicomEdits = std::vector<std::pair<DcmTagKey, std::string>>;

inline void put(DcmItem& item, const DcmTagKey& tag, const std::string& text) {
  if (text.empty())
    item.findAndDeleteElement(tag);
  else
    EXPECT_TRUE(item.putAndInsertString(DcmTag(tag), text.c_str()).good()) << tag.toString().c_str();
}

inline void save(DcmFileFormat& file, const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  EXPECT_TRUE(file.saveFile(path.c_str(), EXS_LittleEndianExplicit).good()) << path;
}

/// A new item at the end of a sequence.
inline DcmItem& add_item(DcmItem& item, const DcmTagKey& sequence) {
  DcmItem* added = nullptr;
  EXPECT_TRUE(item.findOrCreateSequenceItem(DcmTag(sequence), added, -2).good());
  return *added;
}

/// Elements of a private group.
inline void put_private(DcmItem& item, unsigned group, unsigned number, const char* creator, DcmEVR vr,
                        const std::string& text) {
  EXPECT_TRUE(item.putAndInsertString(DcmTag(static_cast<Uint16>(group), 0x10, EVR_LO), creator).good());
  EXPECT_TRUE(item.putAndInsertString(
                      DcmTag(static_cast<Uint16>(group), static_cast<Uint16>(0x1000 | number), DcmVR(vr)),
                      text.c_str())
                  .good());
}

/// Copies `from` to `to` with some elements changed.
inline void edit_dicom(const std::filesystem::path& from, const std::filesystem::path& to,
                       const DicomEdits& edits) {
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(from.c_str()).good()) << from;
  ASSERT_TRUE(file.loadAllDataIntoMemory().good());
  for (const auto& [tag, text] : edits) put(*file.getDataset(), tag, text);
  save(file, to);
}

/// A slice of `size` x `size` pixels of 1 mm at z, all `value`.
inline void write_slice(const std::filesystem::path& path, const std::string& modality, int size, double z,
                        int value, const DicomEdits& edits = {}) {
  DcmFileFormat file;
  DcmDataset& d = *file.getDataset();
  const char* sop = modality == "PT"   ? UID_PositronEmissionTomographyImageStorage
                    : modality == "MR" ? UID_MRImageStorage
                                       : UID_CTImageStorage;
  put(d, DCM_SOPClassUID, sop);
  put(d, DCM_SOPInstanceUID, "1.2.3." + std::to_string(std::hash<std::string>{}(path.string()) % 1000000000));
  put(d, DCM_Modality, modality);
  put(d, DCM_SeriesInstanceUID, "1.2.3.4");
  put(d, DCM_FrameOfReferenceUID, "1.2.3.5");
  put(d, DCM_ImagePositionPatient, "0\\0\\" + std::to_string(z));
  put(d, DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
  put(d, DCM_PixelSpacing, "1\\1");
  put(d, DCM_SliceThickness, "2");
  put(d, DCM_SamplesPerPixel, "1");
  put(d, DCM_PhotometricInterpretation, "MONOCHROME2");
  put(d, DCM_Rows, std::to_string(size));
  put(d, DCM_Columns, std::to_string(size));
  put(d, DCM_BitsAllocated, "16");
  put(d, DCM_BitsStored, "16");
  put(d, DCM_HighBit, "15");
  put(d, DCM_PixelRepresentation, "0");
  put(d, DCM_RescaleSlope, "1");
  put(d, DCM_RescaleIntercept, "0");
  for (const auto& [tag, text] : edits) put(d, tag, text);
  const std::vector<Uint16> pixels(static_cast<size_t>(size * size), static_cast<Uint16>(value));
  d.putAndInsertUint16Array(DCM_PixelData, pixels.data(), static_cast<unsigned long>(pixels.size()));
  save(file, path);
}

struct Ring {
  std::string roi;
  std::vector<std::array<double, 2>> points;  ///< x, y in mm
  double z = 0;
  std::string shape = "CLOSED_PLANAR";
};

/// An RTSTRUCT whose ROIs are those of the rings, in order of first appearance.
inline void write_structure_set(const std::filesystem::path& path, const std::vector<Ring>& rings,
                                const std::string& frame = "1.2.3.5", const std::string& series = "") {
  DcmFileFormat file;
  DcmDataset& d = *file.getDataset();
  put(d, DCM_SOPClassUID, UID_RTStructureSetStorage);
  put(d, DCM_SOPInstanceUID, "1.2.3.6");
  put(d, DCM_Modality, "RTSTRUCT");
  if (!series.empty()) {
    DcmItem& study =
        add_item(add_item(d, DCM_ReferencedFrameOfReferenceSequence), DCM_RTReferencedStudySequence);
    put(add_item(study, DCM_RTReferencedSeriesSequence), DCM_SeriesInstanceUID, series);
  }
  std::vector<std::pair<std::string, DcmItem*>> rois;
  for (const Ring& ring : rings) {
    DcmItem* contours = nullptr;
    for (const auto& [name, item] : rois)
      if (name == ring.roi) contours = item;
    if (contours == nullptr) {
      const std::string number = std::to_string(rois.size() + 1);
      DcmItem& roi = add_item(d, DCM_StructureSetROISequence);
      put(roi, DCM_ROINumber, number);
      put(roi, DCM_ROIName, ring.roi);
      put(roi, DCM_ReferencedFrameOfReferenceUID, frame);
      contours = &add_item(d, DCM_ROIContourSequence);
      put(*contours, DCM_ReferencedROINumber, number);
      rois.emplace_back(ring.roi, contours);
    }
    DcmItem& contour = add_item(*contours, DCM_ContourSequence);
    put(contour, DCM_ContourGeometricType, ring.shape);
    put(contour, DCM_NumberOfContourPoints, std::to_string(ring.points.size()));
    std::string data;
    for (const auto& p : ring.points)
      data += (data.empty() ? "" : "\\") + std::to_string(p[0]) + "\\" + std::to_string(p[1]) + "\\" +
              std::to_string(ring.z);
    put(contour, DCM_ContourData, data);
  }
  save(file, path);
}

struct SegFrame {
  int segment = 1;
  double z = 0;
  std::vector<Uint8> pixels;  ///< rows x columns
  std::string position = {};  ///< instead of 0\0\z
};
struct SegLook {
  int columns = 5, rows = 3;
  std::string type = "BINARY";  ///< FRACTIONAL, LABELMAP
  std::vector<std::string> labels{"tumour"};
  std::string frame = "1.2.3.5";
  double between = 0;  ///< SpacingBetweenSlices; 0: not written
};

/// A SEG of 1 x 1 x 2 mm voxels; one bit a pixel when BINARY.
inline void write_segmentation(const std::filesystem::path& path, const SegLook& look,
                               const std::vector<SegFrame>& frames, const DicomEdits& edits = {}) {
  DcmFileFormat file;
  DcmDataset& d = *file.getDataset();
  const bool bits = look.type == "BINARY";
  put(d, DCM_SOPClassUID, look.type == "LABELMAP" ? "1.2.840.10008.5.1.4.1.1.66.7" : UID_SegmentationStorage);
  put(d, DCM_SOPInstanceUID, "1.2.3.7");
  put(d, DCM_Modality, "SEG");
  put(d, DCM_FrameOfReferenceUID, look.frame);
  put(d, DCM_SegmentationType, look.type);
  put(d, DCM_MaximumFractionalValue, look.type == "FRACTIONAL" ? "200" : "");
  put(d, DCM_NumberOfFrames, std::to_string(frames.size()));
  put(d, DCM_SamplesPerPixel, "1");
  put(d, DCM_PhotometricInterpretation, "MONOCHROME2");
  put(d, DCM_Rows, std::to_string(look.rows));
  put(d, DCM_Columns, std::to_string(look.columns));
  put(d, DCM_BitsAllocated, bits ? "1" : "8");
  put(d, DCM_BitsStored, bits ? "1" : "8");
  put(d, DCM_HighBit, bits ? "0" : "7");
  put(d, DCM_PixelRepresentation, "0");
  for (size_t i = 0; i < look.labels.size(); ++i) {
    DcmItem& segment = add_item(d, DCM_SegmentSequence);
    put(segment, DCM_SegmentNumber, std::to_string(i + 1));
    put(segment, DCM_SegmentLabel, look.labels[i]);
  }
  DcmItem& shared = add_item(d, DCM_SharedFunctionalGroupsSequence);
  put(add_item(shared, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
  DcmItem& measures = add_item(shared, DCM_PixelMeasuresSequence);
  put(measures, DCM_PixelSpacing, "1\\1");
  put(measures, DCM_SliceThickness, "2");
  if (look.between > 0) put(measures, DCM_SpacingBetweenSlices, std::to_string(look.between));
  std::vector<Uint8> bytes;
  size_t bit = 0;
  for (const SegFrame& frame : frames) {
    DcmItem& groups = add_item(d, DCM_PerFrameFunctionalGroupsSequence);
    put(add_item(groups, DCM_PlanePositionSequence), DCM_ImagePositionPatient,
        frame.position.empty() ? "0\\0\\" + std::to_string(frame.z) : frame.position);
    if (look.type != "LABELMAP")
      put(add_item(groups, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber,
          std::to_string(frame.segment));
    for (const Uint8 pixel : frame.pixels) {
      if (!bits) {
        bytes.push_back(pixel);
        continue;
      }
      if (bit % 8 == 0) bytes.push_back(0);
      bytes.back() = static_cast<Uint8>(bytes.back() | (pixel != 0 ? 1 << bit % 8 : 0));
      ++bit;
    }
  }
  if (bytes.size() % 2 != 0) bytes.push_back(0);
  d.putAndInsertUint8Array(DcmTag(DCM_PixelData, EVR_OB), bytes.data(),
                           static_cast<unsigned long>(bytes.size()));
  for (const auto& [tag, text] : edits) put(d, tag, text);
  save(file, path);
}

}  // namespace photo51::test

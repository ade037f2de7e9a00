#pragma once
/// PET, mammograms and ultrasound to DICOM (PS3.3 A.21, A.26, A.7). Every file is written atomically. Errors
/// of all three: usage (a shape, unit or tag that the object cannot have), data (values it cannot hold), run
/// (the disk).

#include <array>
#include <filesystem>
#include <string>

#include "photo51/imaging/write.hpp"

namespace photo51::imaging {

/// What SUV needs: SUVbw = Bq/ml * weight[g] / (dose * 2^(-(series time - injection time) / half-life)).
struct PetTags {
  double weight = 0;                ///< kg
  double height = 0;                ///< m; 0 = unknown
  double dose = 0;                  ///< Bq, when it was injected
  double half_life = 6586.2;        ///< s
  std::string injection_time = {};  ///< HHMMSS on the study's date
  std::string series_time = {};  ///< HHMMSS on the study's date: the time that values are decay-corrected to
  double frame_duration = 600;   ///< s
  std::string radiopharmaceutical = "Fluorodeoxyglucose F^18^";
  std::string radionuclide = "^18^Fluorine", radionuclide_code = "C-111A1";  ///< of the scheme SRT
};
/// One PET Image Storage file a slice, `slice_0001.dcm` … in index order, decay correction START: whole
/// numbers up to 32767 with a rescale slope of the slice's own. `pet` has one channel in Bq/ml, none below 0.
void write_pet_series(const Volume& pet, const std::filesystem::path& folder, const DicomTags& tags,
                      const PetTags& pet_tags);

struct MammogramTags {
  std::string laterality = {};  ///< L or R
  std::string view = {};        ///< CC or MLO
  int64_t bits = 12;            ///< stored, 8 to 16
  bool inverted = false;        ///< stored as MONOCHROME1: the largest value minus the given one
  double compression_force = 0, thickness = 0;  ///< N, mm; 0 = unknown
};
/// One Digital Mammography X-Ray Image - For Presentation. `image` is [1, 1, H, W] of whole numbers, bright
/// where the breast is dense; its spacing is the detector's (ImagerPixelSpacing). The chest wall is on the
/// left of a left breast and on the right of a right one.
void write_mammogram(const Volume& image, const std::filesystem::path& path, const DicomTags& tags,
                     const MammogramTags& mammogram);

enum class FrameCompression { none, run_length, jpeg };
struct UltrasoundTags {
  double frame_time = 0;            ///< s from frame to frame
  std::array<double, 2> spacing{};  ///< mm a pixel within the region, along x and y
  std::array<int64_t, 4> region{};  ///< first x, first y, last x, last y of the calibrated 2D tissue region
  FrameCompression compression = FrameCompression::none;
  int jpeg_quality = 90;
};
/// One Ultrasound Multi-frame Image of `frames`, uint8 [T, C, H, W] with C = 1 (MONOCHROME2) or 3 (RGB; JPEG
/// stores it as YBR_FULL_422).
void write_ultrasound(const at::Tensor& frames, const std::filesystem::path& path, const DicomTags& tags,
                      const UltrasoundTags& ultrasound);

}  // namespace photo51::imaging

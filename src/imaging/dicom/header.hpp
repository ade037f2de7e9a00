#pragma once
/// The header of one DICOM file, without its pixels.

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

class DcmFileFormat;

namespace photo51::imaging {

struct DicomHeader {
  std::filesystem::path path;
  std::shared_ptr<DcmFileFormat> file;  ///< as it was loaded, so that it is parsed once; pixels are left out
  std::string sop_class;                ///< UID
  std::string sop_class_name;           ///< "CT Image Storage", or the UID when it has no name
  std::string transfer_syntax;
  std::string modality;  ///< as written: CT, MR, PT, …
  std::string patient_id, study_description, series_uid, series_description, series_number, instance_number;
  std::string instance_uid, study_uid, acquisition_number, echo, temporal_position;
  std::string image_type, units, dose_units, rescale_type, photometric;
  std::string
      damage;  ///< the first number of layout or place that cannot be read, as a message with the path

  bool has_pixels = false, has_modality_lut = false, is_lossy = false;
  int64_t rows = 0, columns = 0, frames = 1, samples = 1;
  int64_t bits_allocated = 0, bits_stored = 0, high_bit = 0, planar = 0;
  bool is_signed = false, is_float = false;
  std::optional<double> slope, intercept, thickness, between_slices, padding, dose_scaling;
  std::vector<double> frame_offsets;                 ///< GridFrameOffsetVector, mm along the normal
  std::optional<std::array<double, 3>> position;     ///< mm, LPS
  double rounding = 0;                               ///< of the position's written digits, at most; mm
  std::optional<std::array<double, 6>> orientation;  ///< along a row, then along a column
  std::optional<std::array<double, 2>> spacing;      ///< between rows (y), between columns (x), mm
  int64_t tiles = 1;                 ///< slices side by side along each edge of the image (Siemens MOSAIC)
  bool spacing_at_detector = false;  ///< spacing is ImagerPixelSpacing: of a projection, not in the patient

  /// Enhanced or other images with several frames in one object.
  bool is_multiframe() const { return frames > 1; }
  Modality kind() const;
  std::string name() const { return path.filename().string(); }
};

/// Error (data) when the file is not DICOM or its header is damaged, with the tag and what stands in it.
DicomHeader read_dicom_header(const std::filesystem::path& path);
/// The same with `damage` instead of the error of a number: in a folder, another series' need not be read.
DicomHeader look_at_dicom_header(const std::filesystem::path& path);

}  // namespace photo51::imaging

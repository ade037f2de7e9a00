#pragma once
/// Volumes to files. Every writer is atomic: a reader or a crash sees the old file or the new.

#include <filesystem>
#include <string>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// NIfTI-1, `.nii` or `.nii.gz`; channels lie along time, with their step when `seconds` are even. The place
/// is written as sform and, when the axes are orthogonal, as qform. uint8, int8, int16, int32, int64, float32
/// and float64 are written as they are. Errors: usage (another suffix or type), run (the disk).
void write_nifti(const Volume& volume, const std::filesystem::path& path);

/// What a written DICOM series says beside the image. Empty fields are written empty.
struct DicomTags {
  std::string patient_id = "ANONYMOUS";
  std::string patient_name = {};  ///< empty: none
  std::string patient_sex = {};   ///< M, F, O or empty
  std::string study_date = {};    ///< YYYYMMDD
  std::string study_description = {};
  std::string series_description = {};
  std::string manufacturer = {}, model = {}, institution = {}, station = {}, convolution_kernel = {};
  double kvp = 0;  ///< kV; 0 = unknown
  int64_t series_number = 1;
  /// All UIDs derive from this text: same text, same UIDs. Empty: the patient id and the two descriptions.
  std::string uid_seed = {};
  bool synthetic = false;  ///< nobody's: the file says that it holds no patient's identity, dates or texts
};

/// A CT as one CT Image Storage file a slice, `slice_0001.dcm` … in index order: int16 with
/// rescale slope 1 and intercept -1024, values rounded to whole HU. `folder` is made; slices of an earlier
/// series there are replaced. Errors: usage (not one channel, not HU, oblique beyond orthogonal axes, a
/// folder with other files), data (values outside -31744..31743 HU), run (the disk).
void write_dicom_series(const Volume& ct, const std::filesystem::path& folder, const DicomTags& tags);

}  // namespace photo51::imaging

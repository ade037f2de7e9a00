#pragma once
/// Files and DICOM series to volumes.

#include <filesystem>
#include <string>

#include "photo51/imaging/dicom/policy.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::imaging {

struct ReadOptions {
  /// What the caller knows the image to be. A file that says nothing becomes this, with the units that it
  /// implies (ct: HU, mri: arbitrary, segmentation: label); one that says otherwise is an Error (data).
  Modality modality = Modality::unknown;
  /// SeriesInstanceUID to read from a folder with several series, or `desc:PATTERN` for the one series whose
  /// description matches (`*`, `?`); also as `folder#UID` in the path.
  std::string series = {};
  DicomPolicy dicom = {};
  /// NIfTI, NRRD and MetaImage: float64 voxels stay float64, and 64-bit unsigned ones become float64. For
  /// callers that say so of themselves: most of what takes a Volume expects float32.
  bool keep_double = false;
  core::ThreadPool* pool = nullptr;  ///< decodes slices and frames; null: the calling thread
};

/// NIfTI (.nii, .nii.gz), NRRD, MetaImage, TIFF, PNG, JPEG, one DICOM image of one or many frames, or a
/// folder that holds one DICOM series; told apart by content. Time or vector components become channels.
/// Integers stay integers (unsigned 16 and 32 bits widen to int32 and int64), scaled and float64 voxels
/// become float32 (float64 with `keep_double`: float64); DICOM values are after rescale or modality lookup,
/// CT in HU, RTDOSE in Gy; color is RGB. Pictures have no `spacing_known` or `orientation_known`; of pages
/// that differ in size the first is read. Errors (data), each with file and remedy: a missing, empty, cut off
/// or damaged file, no image, dimensions that the file cannot hold, axes that are not invertible, several
/// series in a folder, slices that are not one even stack unless `dicom` says what to do with them.
Volume read_volume(const std::filesystem::path& path, const ReadOptions& options = {});

}  // namespace photo51::imaging

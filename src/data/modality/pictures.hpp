#pragma once
/// Mammograms, ultrasound files and pictures of tissue as volumes for a model: read with what their headers
/// say, and prepared.

#include <filesystem>
#include <optional>

#include "photo51/imaging/dicom/policy.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/histopathology/stain.hpp"
#include "photo51/preprocess/mammography/mammography.hpp"
#include "photo51/preprocess/ultrasound/ultrasound.hpp"

namespace photo51::data {

/// Bright for dense, spacing in the breast; posed when options are given. What is odd is in `warnings`.
imaging::Volume read_mammogram_picture(const std::filesystem::path& file,
                                       const std::optional<preprocess::MammographyOptions>& options,
                                       const imaging::DicomPolicy& policy = {});

/// [C, frames, H, W]: frames lie along z. Spacing from calibrated regions where there are any. Prepared when
/// options are given; channels are named red, green, blue, or bmode, flow when split. Formats other than
/// DICOM, PNG, JPEG and TIFF are read as volumes and are not prepared: Error (data) when options are given.
imaging::Volume read_ultrasound_picture(const std::filesystem::path& file,
                                        const std::optional<preprocess::UltrasoundOptions>& options);

/// A picture of stained tissue [3, D, H, W], uint8, normalised by its own stain. Error (data): not that.
imaging::Volume normalized_stain(imaging::Volume picture, const preprocess::StainOptions& options);

}  // namespace photo51::data

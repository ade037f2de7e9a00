#pragma once
/// What a file or folder is, whether it can be used, and what about it is suspicious.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

struct Inspection {
  std::string path;
  std::string kind = "other";  ///< volume, slide, cine, segmentation, structure_set, other
  /// Present when the pixels were read; its warnings are part of `warnings`.
  std::optional<Volume> volume;
  Modality modality = Modality::unknown;
  double min = 0, max = 0, mean = 0;  ///< over all finite voxels after rescale
  std::vector<std::string> warnings;
  std::vector<std::string> phi;  ///< names of DICOM elements that tell who the patient is; never their values
  std::string error;             ///< why it cannot be read; empty when it can
};

/// Never throws for bad data: `error` says what is wrong.
Inspection inspect(const std::filesystem::path& path);

}  // namespace photo51::imaging

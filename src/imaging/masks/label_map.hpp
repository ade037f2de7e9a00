#pragma once
/// Masks from images whose voxels are labels.

#include <filesystem>
#include <string>

#include "photo51/imaging/masks/options.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// What `choice` (behind the path's `#`) or the options pick of a label map; mask.hpp says how and what is
/// refused.
Volume read_label_map(const std::filesystem::path& place, const std::string& choice,
                      const MaskOptions& options);

}  // namespace photo51::imaging

#pragma once
/// Masks from images whose voxels are labels.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/imaging/masks/options.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// What `choice` (behind the path's `#`) or the options pick of a label map; mask.hpp says how and what is
/// refused.
Volume read_label_map(const std::filesystem::path& place, const std::string& choice,
                      const MaskOptions& options);

/// The classes of a label map as `read_classes` gives them (masks/classes.hpp).
Volume read_label_classes(const std::filesystem::path& place, const std::vector<int64_t>& values);

}  // namespace photo51::imaging

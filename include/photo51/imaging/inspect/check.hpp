#pragma once
/// Refuses within a millisecond what reading would refuse for sure: no voxels are read.

#include <filesystem>

namespace photo51::imaging {

/// Of what `read_volume` and `read_mask` take (also `folder#series`). Errors (data): missing, not a regular
/// file, empty, unreadable, of no known format, a damaged NIfTI header or fewer bytes than it promises, a
/// folder without files.
void check_header(const std::filesystem::path& path);
/// The same of what `open_slide` takes.
void check_slide(const std::filesystem::path& path);

}  // namespace photo51::imaging

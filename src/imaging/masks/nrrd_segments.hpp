#pragma once
/// What a NRRD written by 3D Slicer says of the segments in it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace photo51::imaging {

struct NrrdSegment {
  std::string id, name;
  int64_t value = 1;  ///< of its voxels …
  int64_t layer = 0;  ///< … in this channel
};

/// From the keys `SegmentN_ID`, `_Name`, `_LabelValue` and `_Layer` of the header, by N; empty without them.
std::vector<NrrdSegment> nrrd_segments(const std::filesystem::path& path);

}  // namespace photo51::imaging

#pragma once
/// Compressed frames inside encapsulated pixel data (PS3.5 A.4).

#include <cstddef>
#include <cstdint>
#include <vector>

class DcmDataset;
class DcmPixelItem;

namespace photo51::imaging {

/// Which fragments make which frame; their bytes stay in the file until they are asked for. Frames are told
/// apart by the fragments' count, the offset tables or the marker at which a codestream begins, in this
/// order.
class FrameFragments {
 public:
  /// `dataset` must outlive it. Error (data): pixels are not encapsulated, fewer fragments than frames, no
  /// way to tell the frames apart.
  FrameFragments(DcmDataset& dataset, int64_t frames);
  /// A frame's fragments, joined. One thread at a time for all of a file. Error (data): the file ends there.
  std::vector<uint8_t> read(int64_t frame) const;

 private:
  std::vector<DcmPixelItem*> fragments_;
  std::vector<size_t> first_;  ///< fragment of each frame; one more than frames
};

/// The bytes of each of `frames` frames.
std::vector<std::vector<uint8_t>> read_compressed_frames(DcmDataset& dataset, int64_t frames);

}  // namespace photo51::imaging

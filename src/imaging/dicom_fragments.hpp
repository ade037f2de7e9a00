#pragma once
/// Compressed frames inside encapsulated pixel data (PS3.5 A.4).

#include <cstdint>
#include <vector>

class DcmDataset;

namespace photo51::imaging {

/// The bytes of each of `frames` frames; fragments of one frame are joined. Frames are told apart by the
/// fragments' count, the offset tables or the marker at which a codestream begins, in this order.
/// Error (data): pixels are not encapsulated, fewer fragments than frames, no way to tell the frames apart.
std::vector<std::vector<uint8_t>> read_compressed_frames(DcmDataset& dataset, int64_t frames);

}  // namespace photo51::imaging

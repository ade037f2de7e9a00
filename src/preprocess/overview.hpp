#pragma once
/// A slide's tissue and tiles drawn on its thumbnail.

#include <ATen/core/Tensor.h>

#include <vector>

#include "photo51/preprocess/histopathology/tiles.hpp"

namespace photo51::preprocess {

/// uint8 [H, W, 3]: the thumbnail with tissue outlined in yellow and tiles in blue.
at::Tensor overview_picture(const imaging::Slide& slide, const TissueMask& tissue,
                            const std::vector<Tile>& tiles, int64_t longest_side);

}  // namespace photo51::preprocess

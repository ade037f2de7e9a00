#pragma once
/// A mammogram as tiles at its own resolution, where a lesion of a few millimetres still has its texture.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/preprocess/histopathology/tiles.hpp"
#include "photo51/preprocess/mammography/mammography.hpp"

namespace photo51::preprocess {

struct BreastTileOptions {
  int64_t size = 128;        ///< pixels of the file along a tile
  int64_t stride = 0;        ///< from tile to tile, at most; 0 = size
  double min_breast = 0.25;  ///< part of a tile that has to be breast
};
void describe(config::Fields& f, BreastTileOptions& o);

/// The tiles of a breast, row by row, in pixels of the picture that it was found in; `Tile::tissue` is the
/// part that is breast. They cover the breast's box evenly, no further apart than the stride; a box smaller
/// than a tile has one, about its middle, inside the picture where that is large enough. Error (data): no
/// tile has `min_breast`. Error (usage): a stride above the size would pass over what lies between.
std::vector<Tile> breast_tiles(const Breast& breast, const BreastTileOptions& options);

/// [..., size, size] of a picture [..., H, W]; what lies beyond its edges is `air`.
at::Tensor cut_tile(const at::Tensor& image, const Tile& tile, double air);

}  // namespace photo51::preprocess

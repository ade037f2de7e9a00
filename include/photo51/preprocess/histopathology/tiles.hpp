#pragma once
/// A slide as a bag of tiles at a chosen resolution: where they lie, and their pixels.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "photo51/imaging/slide/slide.hpp"
#include "photo51/preprocess/histopathology/tissue.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::preprocess {

struct TileOptions {
  double mpp = 0.5;             ///< um a pixel of a tile, whatever levels the slide has
  int64_t size = 224;           ///< pixels along a tile
  int64_t stride = 0;           ///< pixels from tile to tile; 0 = size
  TissueOptions tissue;         ///< written `tissue: saturation` or as a section
  double min_tissue = 0.5;      ///< fraction of a tile
  int64_t max_tiles = 0;        ///< chosen at random; 0 = all
  int64_t seed = 0;             ///< of that choice
  double tolerance = 0.02;      ///< a level this near to `mpp` is taken as it is
  bool upsample = false;        ///< allow a slide coarser than `mpp`
  double max_damaged = 0.25;    ///< share of a slide's tiles that may be unreadable and are left out
  imaging::SlideOptions slide;  ///< how to know the slide's own mpp
};
void describe(config::Fields& f, TileOptions& o);

struct Tile {
  int64_t column = 0, row = 0;        ///< in the grid
  double x = 0, y = 0;                ///< top left corner, level 0 pixels
  double extent_x = 0, extent_y = 0;  ///< level 0 pixels along the tile
  double tissue = 1;                  ///< fraction
};

/// The tiles with tissue, row by row. The grid begins at the slide's corner; a tile reaches over the right or
/// lower edge only when the slide is smaller than a tile. With `max_tiles` a random choice keyed by
/// (options.seed, `key`): name the case there. Tiles on places that could not be read are left out, with a
/// warning. Errors: data (no mpp, coarser than asked for, no tissue, more damage than allowed), usage (more
/// than ten million places).
std::vector<Tile> tile_grid(const imaging::Slide& slide, const TileOptions& options, uint64_t key = 0,
                            std::vector<std::string>* warnings = nullptr);
/// How many of `tiles` tiles may be damaged: one at least, but never all.
int64_t damage_allowed(int64_t tiles, const TileOptions& options);
/// The tile about a point, in level 0 pixels whose centres are whole numbers, tissue or not. Error (data): no
/// mpp, or coarser than asked for.
Tile tile_around(const imaging::Slide& slide, const TileOptions& options,
                 const std::array<double, 2>& center);
/// A slide to look at: a thumbnail with the outline of its tissue and the squares of its tiles.
struct TileOverview {
  at::Tensor picture;  ///< uint8 [H, W, 3]
  int64_t tiles = 0;   ///< that a case is made of, `max_tiles` apart
  double area = 0;     ///< mm2 of tissue
  double threshold = 0;
  std::vector<std::string> warnings;
};
/// Errors as for `tile_grid`.
TileOverview tile_overview(const imaging::Slide& slide, const TileOptions& options, int64_t longest_side);

/// At most `most` of the tiles in grid order, chosen by (seed, key); for a new choice each epoch put the
/// epoch into the key.
std::vector<Tile> choose_tiles(std::vector<Tile> tiles, int64_t most, int64_t seed, uint64_t key);

/// Decodes the tiles into one tensor, uint8 [N, 3, size, size], RGB, each the area mean of the nearest finer
/// level. The threads of `pool` share the slide; null = this thread. Not to be called with a pool from one of
/// its own workers. Error (data): the slide is damaged at a tile.
at::Tensor read_tiles(const imaging::Slide& slide, const std::vector<Tile>& tiles, const TileOptions& options,
                      core::ThreadPool* pool = nullptr);

}  // namespace photo51::preprocess

#pragma once
/// Regions of a picture that a file stores in equal pieces (tiles, strips, frames), each decoded when it is
/// needed and kept for the neighbours that need it too.

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "imaging/slide/backend.hpp"

namespace photo51::imaging {

/// RGB side by side, row by row; no pixels = nothing was stored here, which shows as background.
using Piece = std::vector<uint8_t>;

/// The pieces used last, up to a number of bytes. Safe for several threads; two may decode the same piece.
class PieceCache {
 public:
  explicit PieceCache(size_t most_bytes = size_t{64} << 20) : most_bytes_(most_bytes) {}
  std::shared_ptr<const Piece> get(uint64_t key, const std::function<Piece()>& decode);

 private:
  struct Entry {
    std::shared_ptr<const Piece> piece;
    std::list<uint64_t>::iterator place;
  };
  std::mutex mutex_;
  size_t most_bytes_, bytes_ = 0;
  std::list<uint64_t> order_;  ///< the latest first
  std::unordered_map<uint64_t, Entry> entries_;
};

/// A level cut into pieces of `piece_width` x `piece_height` from its top left corner.
struct PieceGrid {
  int64_t width = 0, height = 0;
  int64_t piece_width = 0, piece_height = 0;

  int64_t columns() const { return (width + piece_width - 1) / piece_width; }
  int64_t rows() const { return (height + piece_height - 1) / piece_height; }
};

/// Fills `to` with the region at (x, y), level pixels, from pieces that `fetch(column, row)` gives.
void paint(const PieceGrid& grid, int64_t x, int64_t y, const RgbPlanes& to,
           const std::array<uint8_t, 3>& background,
           const std::function<std::shared_ptr<const Piece>(int64_t, int64_t)>& fetch);

}  // namespace photo51::imaging

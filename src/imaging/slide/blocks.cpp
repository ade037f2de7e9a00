#include "imaging/slide/blocks.hpp"

#include <algorithm>
#include <cstring>

namespace photo51::imaging {
namespace {

struct Overlap {
  int64_t column, row;               ///< of the piece
  int64_t left, top, right, bottom;  ///< level pixels inside region, piece and level
};

void copy(const Piece& piece, int64_t piece_width, int64_t piece_height, const Overlap& o, int64_t x,
          int64_t y, const RgbPlanes& to) {
  for (int64_t v = o.top; v < o.bottom; ++v) {
    const uint8_t* from =
        piece.data() + 3 * ((v - o.row * piece_height) * piece_width + o.left - o.column * piece_width);
    const int64_t at = (v - y) * to.width + o.left - x;
    uint8_t *red = to.plane(0) + at, *green = to.plane(1) + at, *blue = to.plane(2) + at;
    for (int64_t i = 0; i < o.right - o.left; ++i) {
      red[i] = from[3 * i];
      green[i] = from[3 * i + 1];
      blue[i] = from[3 * i + 2];
    }
  }
}

}  // namespace

std::shared_ptr<const Piece> PieceCache::get(uint64_t key, const std::function<Piece()>& decode) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      order_.splice(order_.begin(), order_, found->second.place);
      return found->second.piece;
    }
  }
  auto piece = std::make_shared<const Piece>(decode());
  const std::lock_guard lock(mutex_);
  if (entries_.contains(key)) return piece;
  order_.push_front(key);
  entries_[key] = {piece, order_.begin()};
  bytes_ += piece->size();
  while (bytes_ > most_bytes_ && order_.size() > 1) {
    const auto oldest = entries_.find(order_.back());
    bytes_ -= oldest->second.piece->size();
    entries_.erase(oldest);
    order_.pop_back();
  }
  return piece;
}

void paint(const PieceGrid& grid, int64_t x, int64_t y, const RgbPlanes& to,
           const std::array<uint8_t, 3>& background,
           const std::function<std::shared_ptr<const Piece>(int64_t, int64_t)>& fetch) {
  const int64_t left = std::max<int64_t>(x, 0), right = std::min(x + to.width, grid.width);
  const int64_t top = std::max<int64_t>(y, 0), bottom = std::min(y + to.height, grid.height);
  for (int64_t c = 0; c < 3; ++c)
    std::memset(to.plane(c), background[static_cast<size_t>(c)], static_cast<size_t>(to.width * to.height));
  if (left >= right || top >= bottom) return;
  for (int64_t row = top / grid.piece_height; row * grid.piece_height < bottom; ++row)
    for (int64_t column = left / grid.piece_width; column * grid.piece_width < right; ++column) {
      const auto piece = fetch(column, row);
      if (piece->empty()) continue;
      copy(
          *piece, grid.piece_width, grid.piece_height,
          {column, row, std::max(left, column * grid.piece_width), std::max(top, row * grid.piece_height),
           std::min(right, (column + 1) * grid.piece_width), std::min(bottom, (row + 1) * grid.piece_height)},
          x, y, to);
    }
}

}  // namespace photo51::imaging

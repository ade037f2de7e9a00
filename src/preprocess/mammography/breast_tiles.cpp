#include "photo51/preprocess/mammography/breast_tiles.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::preprocess {
namespace {

/// Where tiles begin that cover [begin, end) of an axis of `length` pixels.
std::vector<int64_t> tile_starts(int64_t begin, int64_t end, int64_t length, int64_t size, int64_t stride) {
  const int64_t spare = end - begin - size;
  if (spare <= 0) {
    const int64_t middle = begin + spare / 2;
    return {std::clamp(middle, int64_t{0}, std::max<int64_t>(0, length - size))};
  }
  const int64_t steps = (spare + stride - 1) / stride;
  std::vector<int64_t> starts;
  for (int64_t i = 0; i <= steps; ++i) starts.push_back(begin + spare * i / steps);
  return starts;
}

}  // namespace

void describe(config::Fields& f, BreastTileOptions& o) {
  f("size", o.size, "pixels of the file along a tile", {.min = 8, .max = 4096});
  f("stride", o.stride, "pixels from one tile to the next, at most; less than `size` to overlap; 0 = size",
    {.min = 0, .max = 4096});
  f("min_breast", o.min_breast, "tiles with a smaller part of breast are left out", {.min = 0, .max = 1});
  f.check(o.stride <= o.size, "stride",
          "what lies between two tiles would not be seen; set it to `size` or less");
}

std::vector<Tile> breast_tiles(const Breast& breast, const BreastTileOptions& options) {
  if (options.stride > options.size)
    core::fail_usage("tiles of a breast: the stride of " + std::to_string(options.stride) +
                     " pixels is above the size of " + std::to_string(options.size));
  const int64_t size = options.size, stride = options.stride > 0 ? options.stride : size;
  const int64_t height = breast.mask.size(0), width = breast.mask.size(1);
  const auto rows = tile_starts(breast.box.y0, breast.box.y1, height, size, stride);
  const auto columns = tile_starts(breast.box.x0, breast.box.x1, width, size, stride);
  std::vector<Tile> tiles;
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t c = 0; c < columns.size(); ++c) {
      const int64_t y = rows[r], x = columns[c];
      const at::Tensor inside =
          breast.mask.narrow(0, y, std::min(size, height - y)).narrow(1, x, std::min(size, width - x));
      const double share =
          static_cast<double>(inside.ne(0).sum().item<int64_t>()) / static_cast<double>(size * size);
      if (share < options.min_breast) continue;
      tiles.push_back({.column = static_cast<int64_t>(c),
                       .row = static_cast<int64_t>(r),
                       .x = static_cast<double>(x),
                       .y = static_cast<double>(y),
                       .extent_x = static_cast<double>(size),
                       .extent_y = static_cast<double>(size),
                       .tissue = share});
    }
  if (tiles.empty())
    core::fail_data("none of the " + std::to_string(rows.size() * columns.size()) + " tiles of " +
                    std::to_string(size) + " pixels has " + core::format_number(100 * options.min_breast) +
                    "% breast; lower min_breast or size");
  return tiles;
}

at::Tensor cut_tile(const at::Tensor& image, const Tile& tile, double air) {
  const auto y = static_cast<int64_t>(tile.y), x = static_cast<int64_t>(tile.x);
  const auto height = static_cast<int64_t>(tile.extent_y), width = static_cast<int64_t>(tile.extent_x);
  const at::Tensor inside = image.narrow(-2, y, std::min(height, image.size(-2) - y))
                                .narrow(-1, x, std::min(width, image.size(-1) - x));
  if (inside.size(-2) == height && inside.size(-1) == width) return inside.contiguous();
  std::vector<int64_t> shape(image.sizes().begin(), image.sizes().end() - 2);
  shape.insert(shape.end(), {height, width});
  at::Tensor whole = at::full(shape, air, image.options());
  whole.narrow(-2, 0, inside.size(-2)).narrow(-1, 0, inside.size(-1)).copy_(inside);
  return whole;
}

}  // namespace photo51::preprocess

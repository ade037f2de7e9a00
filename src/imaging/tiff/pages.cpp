#include "imaging/tiff/pages.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "imaging/tiff/file.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// Calls `work(x, y, samples)` for every piece, where `samples` is [rows, columns, samples] of int32 or
/// uint8.
template <class Work>
void each_piece(TiffFile& file, const TiffImage& image, const Work& work) {
  const PieceGrid& grid = image.grid;
  for (int64_t row = 0; row < grid.rows(); ++row)
    for (int64_t column = 0; column < grid.columns(); ++column) {
      const int64_t x = column * grid.piece_width, y = row * grid.piece_height;
      const int64_t rows = std::min(grid.piece_height, grid.height - y);
      const int64_t columns = std::min(grid.piece_width, grid.width - x);
      std::vector<uint8_t> bytes = file.stored(image, column, row);
      const auto type = image.bits == 16 ? at::kShort : at::kByte;
      at::Tensor samples =
          bytes.empty()
              ? at::zeros({rows, columns, image.samples}, type)
              : at::from_blob(bytes.data(), {grid.piece_height, grid.piece_width, image.samples}, type)
                    .narrow(0, 0, rows)
                    .narrow(1, 0, columns);
      if (image.bits == 16) samples = samples.to(at::kInt).bitwise_and_(0xFFFF);
      work(x, y, samples);
    }
}

}  // namespace

bool measure_deep_page(const fs::path& path, Inspection& found) {
  TiffFile file(path);
  const TiffImage page = file.images().front();
  const bool shown =
      !found.size || ((*found.size)[0] == page.grid.width && (*found.size)[1] == page.grid.height);
  if (!shown || !page.is_plain() || page.bits != 16 || page.samples == 2 || page.samples > 3 ||
      page.photometric == PHOTOMETRIC_MINISWHITE)
    return false;
  found.min = std::numeric_limits<double>::infinity();
  found.max = -found.min;
  double sum = 0;
  each_piece(file, page, [&](int64_t, int64_t, const at::Tensor& samples) {
    found.min = std::min(found.min, samples.min().item<double>());
    found.max = std::max(found.max, samples.max().item<double>());
    sum += samples.sum().item<double>();
  });
  found.mean =
      sum / (static_cast<double>(page.grid.width) * static_cast<double>(page.grid.height) * page.samples);
  found.measured = true;
  return true;
}

}  // namespace photo51::imaging

#include "imaging/tiff_pages.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "imaging/tiff_file.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMostSlices = 32767;  // what other formats hold along an axis

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

bool read_first_page(const fs::path& path, Volume& volume) {
  TiffFile file(path);
  const std::vector<TiffImage> images = file.images(kMostSlices);
  const TiffImage& page = images.front();
  const auto others = std::ranges::count_if(images, [&](const TiffImage& image) {
    return !image.reduced && (image.grid.width != page.grid.width || image.grid.height != page.grid.height);
  });
  if (others == 0) return false;
  if (!page.is_plain())
    core::fail_data(
        "its pages differ in size, and the first is not of whole unsigned numbers of 8 or 16 bits side by "
        "side; save that page in a file of its own");
  // LZW and deflate pack no more tightly than this.
  const double values =
      static_cast<double>(page.grid.width) * static_cast<double>(page.grid.height) * page.samples;
  if (values > 1100.0 * static_cast<double>(fs::file_size(path)))
    core::fail_data("its header promises " + std::to_string(page.grid.width) + " x " +
                    std::to_string(page.grid.height) +
                    " pixels, more than the file can hold: it is cut off or damaged; copy it again");
  volume.geometry.size = {page.grid.width, page.grid.height, 1};
  volume.data =
      at::empty({page.samples, 1, page.grid.height, page.grid.width}, page.bits == 16 ? at::kInt : at::kByte);
  each_piece(file, page, [&](int64_t x, int64_t y, const at::Tensor& samples) {
    volume.data.select(1, 0)
        .narrow(1, y, samples.size(0))
        .narrow(2, x, samples.size(1))
        .copy_(samples.permute({2, 0, 1}));
  });
  if (page.samples == 3) volume.channels = {"red", "green", "blue"};
  volume.warnings.push_back("has " + std::to_string(others) +
                            " more page(s) of other sizes, which are not read");
  return true;
}

bool measure_deep_page(const fs::path& path, Inspection& found) {
  TiffFile file(path);
  const TiffImage page = file.images().front();
  if (!page.is_plain() || page.bits != 16 || page.samples == 2 || page.samples > 3) return false;
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

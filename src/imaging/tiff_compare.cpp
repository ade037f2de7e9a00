#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "imaging/tiff_scene.hpp"

namespace photo51::imaging {
namespace {

/// A piece as a picture; of several samples that are none, the first.
Piece picture_of(TiffFile& file, const TiffImage& image, int64_t column, int64_t row) {
  if (image.samples < 3 || image.photometric == PHOTOMETRIC_RGB || image.photometric == PHOTOMETRIC_YCBCR)
    return file.decode(image, column, row);
  const std::vector<uint8_t> values = file.sample(image, column, row, 0);
  Piece piece(3 * values.size());
  for (size_t i = 0; i < piece.size(); ++i) piece[i] = values[i / 3];
  return piece;
}

/// A region of one page, gray, [1, height, width].
at::Tensor region(TiffFile& file, PieceCache& cache, const TiffImage& image, int64_t x, int64_t y,
                  int64_t width, int64_t height) {
  at::Tensor rgb = at::empty({3, height, width}, at::kByte);
  paint(image.grid, x, y, {rgb.mutable_data_ptr<uint8_t>(), width, height}, {255, 255, 255},
        [&](int64_t column, int64_t row) {
          return cache.get(static_cast<uint64_t>(row * image.grid.columns() + column),
                           [&] { return picture_of(file, image, column, row); });
        });
  return rgb.to(at::kFloat).mean(0, true);
}

/// Correlation of two pictures about their means; nothing where one of them is flat.
std::optional<double> likeness(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor u = a - a.mean(), v = b - b.mean();
  const double uu = u.square().mean().item<double>(), vv = v.square().mean().item<double>();
  constexpr double kFlat = 4;  // two steps of 255, squared: the noise of glass
  if (uu < kFlat && vv < kFlat) return {};
  return (u * v).mean().item<double>() / std::sqrt(std::max(uu, 1e-6) * std::max(vv, 1e-6));
}

}  // namespace

bool shows_the_same(TiffFile& file, const TiffImage& fine, const TiffImage& coarse) {
  constexpr int64_t kPlaces = 5;  // along each side
  const double x = static_cast<double>(fine.grid.width) / static_cast<double>(coarse.grid.width);
  const double y = static_cast<double>(fine.grid.height) / static_cast<double>(coarse.grid.height);
  // Blocks that are small in the finer picture too.
  const auto block = static_cast<int64_t>(std::clamp(1024 / std::max(x, y), 16.0, 64.0));
  const int64_t width = std::min(block, coarse.grid.width), height = std::min(block, coarse.grid.height);
  PieceCache fine_pieces, coarse_pieces;
  std::vector<double> found;
  for (int64_t i = 0; i < kPlaces * kPlaces; ++i) {
    const int64_t left = (coarse.grid.width - width) * (i % kPlaces) / (kPlaces - 1);
    const int64_t top = (coarse.grid.height - height) * (i / kPlaces) / (kPlaces - 1);
    const auto scaled = [](int64_t pixels, double by) {
      return std::llround(static_cast<double>(pixels) * by);
    };
    const at::Tensor small = region(file, coarse_pieces, coarse, left, top, width, height);
    const at::Tensor large =
        region(file, fine_pieces, fine, scaled(left, x), scaled(top, y), scaled(width, x), scaled(height, y));
    // At half the coarser resolution, where it does not matter how the smaller picture was made.
    const std::vector<int64_t> size{std::max<int64_t>(1, height / 2), std::max<int64_t>(1, width / 2)};
    if (const auto like =
            likeness(at::adaptive_avg_pool2d(small, size), at::adaptive_avg_pool2d(large, size)))
      found.push_back(*like);
  }
  if (found.empty()) return false;
  const auto middle = found.begin() + static_cast<std::ptrdiff_t>(found.size() / 2);
  std::nth_element(found.begin(), middle, found.end());
  return *middle > 0.7;
}

}  // namespace photo51::imaging

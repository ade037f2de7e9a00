#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "imaging/tiff/scene.hpp"

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

/// A region of one page, [3, height, width].
at::Tensor region(TiffFile& file, PieceCache& cache, const TiffImage& image, int64_t x, int64_t y,
                  int64_t width, int64_t height) {
  at::Tensor rgb = at::empty({3, height, width}, at::kByte);
  paint(image.grid, x, y, {rgb.mutable_data_ptr<uint8_t>(), width, height}, {255, 255, 255},
        [&](int64_t column, int64_t row) {
          return cache.get(static_cast<uint64_t>(row * image.grid.columns() + column),
                           [&] { return picture_of(file, image, column, row); });
        });
  return rgb.to(at::kFloat);
}

/// Correlation of two pictures about their means; nothing where both vary by less than `flat`.
std::optional<double> likeness(const at::Tensor& a, const at::Tensor& b, double flat) {
  const at::Tensor u = a - a.mean(), v = b - b.mean();
  const double uu = u.square().mean().item<double>(), vv = v.square().mean().item<double>();
  if (uu < flat * flat && vv < flat * flat) return {};
  return (u * v).mean().item<double>() / std::sqrt(std::max(uu, 1e-6) * std::max(vv, 1e-6));
}

/// What stands out from its surroundings, so that an outline, which other pieces of tissue may share, does
/// not outweigh what lies within.
at::Tensor details(const at::Tensor& gray) {
  const at::Tensor around = at::avg_pool2d(gray, {5, 5}, {1, 1}, {2, 2}, false, false);
  return (gray - around).clamp(-8, 8);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
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
  std::vector<double> whole, detailed, apart;
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
    const at::Tensor one = at::adaptive_avg_pool2d(small, size), other = at::adaptive_avg_pool2d(large, size);
    const at::Tensor gray = one.mean(0, true), other_gray = other.mean(0, true);
    constexpr double kGlass = 2;  // steps of 255: the noise of glass
    const auto like = likeness(gray, other_gray, kGlass);
    if (!like) continue;
    whole.push_back(*like);
    apart.push_back((one.mean({1, 2}) - other.mean({1, 2})).abs().max().item<double>());
    if (const auto inside = likeness(details(gray), details(other_gray), 0.5)) detailed.push_back(*inside);
  }
  if (whole.empty()) return false;
  constexpr double kSameColor = 6;
  return median(whole) > 0.9 && median(apart) < kSameColor && (detailed.empty() || median(detailed) > 0.85);
}

}  // namespace photo51::imaging

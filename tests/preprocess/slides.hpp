#pragma once
/// A slide of two levels with a square of tissue, and its pixels.

#include <fstream>

#include "photo51/imaging/slide/slide.hpp"
#include "support/shared_data.hpp"
#include "support/write_tiff.hpp"

namespace photo51::preprocess {

/// Glass with a pink square of 600 pixels at (200, 100), on which red grows by column and blue by row.
inline at::Tensor slide_pixels(int64_t height = 800, int64_t width = 1000) {
  at::Tensor rgb = at::full({3, height, width}, 245, at::kByte);
  const at::Tensor ramp = at::arange(600).div(10, "floor").to(at::kByte);
  rgb[0].narrow(0, 100, 600).narrow(1, 200, 600).copy_((180 + ramp).unsqueeze(0).expand({600, 600}));
  rgb[1].narrow(0, 100, 600).narrow(1, 200, 600).fill_(60);
  rgb[2].narrow(0, 100, 600).narrow(1, 200, 600).copy_((120 + ramp).unsqueeze(1).expand({600, 600}));
  return rgb;
}

/// Written as a tiled TIFF of 0.5 um with a second level of 2 um (by the mean of 4 x 4).
inline std::filesystem::path write_slide(const test::TemporaryFolder& folder, double mpp = 0.5) {
  const at::Tensor rgb = slide_pixels();
  const at::Tensor small = at::avg_pool2d(rgb.to(at::kFloat), {4, 4}).round().to(at::kByte);
  test::write_tiff(folder / "slide.tiff", {{rgb, COMPRESSION_ADOBE_DEFLATE, 256, {}, mpp},
                                           {small, COMPRESSION_ADOBE_DEFLATE, 256, {}, 4 * mpp}});
  return folder / "slide.tiff";
}

/// Fills what the file stores of one tile of the first page with nonsense.
inline void damage_tile(const std::filesystem::path& path, uint32_t number) {
  TIFF* tiff = TIFFOpen(path.c_str(), "r");
  const auto at = static_cast<std::streamoff>(TIFFGetStrileOffset(tiff, number));
  const auto count = static_cast<size_t>(TIFFGetStrileByteCount(tiff, number));
  TIFFClose(tiff);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file << std::string(count, '\x55');
}

}  // namespace photo51::preprocess

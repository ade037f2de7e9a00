#pragma once
/// Tiled TIFF files for tests of slides.

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <tiffio.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace photo51::test {

struct TiffLevel {
  at::Tensor rgb;  ///< uint8, int16 (as 16 bits) or float [C, H, W]
  uint16_t compression = COMPRESSION_ADOBE_DEFLATE;
  uint32_t tile = 64;  ///< 0: strips
  std::string description = {};
  double mpp = 0;          ///< as resolution tags
  bool is_reduced = true;  ///< marked so, unless it is the first
};

/// One directory a level.
inline void write_tiff(const std::filesystem::path& path, const std::vector<TiffLevel>& levels,
                       bool big = false) {
  TIFF* tiff = TIFFOpen(path.c_str(), big ? "w8" : "w");
  ASSERT_NE(tiff, nullptr);
  for (size_t i = 0; i < levels.size(); ++i) {
    const TiffLevel& level = levels[i];
    const at::Tensor pixels = level.rgb.permute({1, 2, 0}).contiguous();
    const auto height = static_cast<uint32_t>(pixels.size(0)), width = static_cast<uint32_t>(pixels.size(1));
    const auto samples = static_cast<uint32_t>(pixels.size(2));
    const auto word = static_cast<uint32_t>(pixels.element_size());
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8 * word);
    if (pixels.is_floating_point()) TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, level.compression);
    const bool jpeg = level.compression == COMPRESSION_JPEG;
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
                 jpeg          ? PHOTOMETRIC_YCBCR
                 : samples < 3 ? PHOTOMETRIC_MINISBLACK
                               : PHOTOMETRIC_RGB);
    if (jpeg) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    if (samples == 2 || samples == 4) {
      const uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
      TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    }
    if (i > 0 && level.is_reduced) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    if (!level.description.empty()) TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, level.description.c_str());
    if (level.mpp > 0) {
      TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
      TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 1e4 / level.mpp);
      TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 1e4 / level.mpp);
    }
    const auto* bytes = static_cast<const char*>(pixels.const_data_ptr());
    const size_t stride = size_t{width} * samples * word;
    if (level.tile > 0) {
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, level.tile);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, level.tile);
      std::vector<char> tile(size_t{level.tile} * level.tile * samples * word);
      for (uint32_t y = 0; y < height; y += level.tile)
        for (uint32_t x = 0; x < width; x += level.tile) {
          const uint32_t rows = std::min(level.tile, height - y), columns = std::min(level.tile, width - x);
          for (uint32_t v = 0; v < rows; ++v)
            std::memcpy(tile.data() + size_t{v} * level.tile * samples * word,
                        bytes + (y + v) * stride + size_t{x} * samples * word,
                        size_t{columns} * samples * word);
          ASSERT_GT(TIFFWriteTile(tiff, tile.data(), x, y, 0, 0), 0);
        }
    } else {
      TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 16);
      std::vector<char> row(stride);
      for (uint32_t y = 0; y < height; ++y) {
        std::memcpy(row.data(), bytes + y * stride, stride);
        ASSERT_EQ(TIFFWriteScanline(tiff, row.data(), y, 0), 1);
      }
    }
    ASSERT_EQ(TIFFWriteDirectory(tiff), 1);
  }
  TIFFClose(tiff);
}

}  // namespace photo51::test

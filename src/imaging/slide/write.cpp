#include <ATen/ATen.h>
#include <tiffio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/temporary.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/slide/write.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

void check(const at::Tensor& picture, const SlideTags& t) {
  if (picture.dim() != 3 || picture.size(0) != 3 || picture.scalar_type() != at::kByte ||
      picture.numel() == 0)
    core::fail_usage("a slide is uint8 [3, H, W]; this is " +
                     std::string(c10::toString(picture.scalar_type())) + " " + c10::str(picture.sizes()));
  if (!(t.mpp > 0)) core::fail_usage("mpp: " + core::format_number(t.mpp) + " is not above 0");
  if (t.tile < 16 || t.tile % 16 != 0)
    core::fail_usage("tile: " + std::to_string(t.tile) + " is not a multiple of 16");
  const int64_t side = std::min(picture.size(1), picture.size(2));
  if (t.levels < 1 || t.levels > 30 || (side >> (t.levels - 1)) < 1)
    core::fail_usage("levels: " + std::to_string(t.levels) + " do not fit a picture of " +
                     std::to_string(picture.size(2)) + " x " + std::to_string(picture.size(1)) + " pixels");
  if (t.jpeg_quality < 1 || t.jpeg_quality > 100)
    core::fail_usage("jpeg_quality: " + std::to_string(t.jpeg_quality) + " is not in 1..100");
}

/// RGB, interleaved.
struct Level {
  int64_t width, height;
  std::vector<uint8_t> pixels;
};

Level first_level(const at::Tensor& picture) {
  const at::Tensor interleaved = picture.permute({1, 2, 0}).contiguous();
  const auto* data = interleaved.const_data_ptr<uint8_t>();
  return {picture.size(2), picture.size(1), {data, data + interleaved.numel()}};
}

/// Means of 2 x 2 pixels, rounded; an odd last row or column is dropped.
Level half(const Level& fine) {
  Level coarse{fine.width / 2, fine.height / 2, {}};
  coarse.pixels.resize(static_cast<size_t>(coarse.width * coarse.height * 3));
  uint8_t* to = coarse.pixels.data();
  for (int64_t y = 0; y < coarse.height; ++y)
    for (int64_t x = 0; x < coarse.width; ++x) {
      const uint8_t* from = fine.pixels.data() + (2 * y * fine.width + 2 * x) * 3;
      const uint8_t* below = from + fine.width * 3;
      for (int64_t c = 0; c < 3; ++c)
        *to++ = static_cast<uint8_t>((from[c] + from[3 + c] + below[c] + below[3 + c] + 2) / 4);
    }
  return coarse;
}

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};

/// libtiff's complaints become the text of our error, and nothing is printed.
class TiffWriter {
 public:
  /// `handle` is closed with it; `path` is the name for messages.
  TiffWriter(int handle, const fs::path& path) : path_(path) {
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                               TIFFOpenOptionsFree);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), &TiffWriter::keep, &why_);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), &TiffWriter::ignore, nullptr);
    file_.reset(TIFFFdOpenExt(handle, path.c_str(), "w", options.get()));
    if (file_) return;
    ::close(handle);
    fail();
  }
  template <class... Values>
  void set(uint32_t tag, Values... values) {
    if (TIFFSetField(file_.get(), tag, values...) != 1) fail();
  }
  void write_tile(uint32_t number, std::vector<uint8_t>& tile) {
    if (TIFFWriteEncodedTile(file_.get(), number, tile.data(), static_cast<tmsize_t>(tile.size())) < 0)
      fail();
  }
  void end_level() {
    if (TIFFWriteDirectory(file_.get()) != 1) fail();
  }
  void close() {
    // A flush tells of a full disk; closing alone does not.
    if (TIFFFlush(file_.get()) != 1) fail();
    file_.reset();
  }
  [[noreturn]] void fail() const {
    core::fail_run(path_.string() + ": writing failed: " + (why_.empty() ? "libtiff gives no reason" : why_) +
                   "; free some space or choose another folder");
  }

 private:
  static int keep(TIFF*, void* why, const char*, const char* format, va_list values) {
    char text[512];
    std::vsnprintf(text, sizeof text, format, values);
    *static_cast<std::string*>(why) = text;
    return 1;
  }
  static int ignore(TIFF*, void*, const char*, const char*, va_list) { return 1; }

  fs::path path_;
  std::string why_;
  std::unique_ptr<TIFF, Closer> file_;
};

std::string aperio_description(const Level& level, const Level& base, const SlideTags& t) {
  const auto size = [](const Level& l) { return std::to_string(l.width) + "x" + std::to_string(l.height); };
  const std::string tile = std::to_string(t.tile) + "x" + std::to_string(t.tile);
  std::string text =
      "Aperio Image Library v11.2.1\n" + size(base) + " [0,0 " + size(base) + "] (" + tile + ")";
  if (&level != &base) text += " -> " + size(level);
  text += t.compression == SlideCompression::jpeg ? " JPEG/RGB Q=" + std::to_string(t.jpeg_quality) : "";
  if (&level != &base) return text;
  return text + "|AppMag = " + core::format_number(t.magnification) + "|MPP = " + core::format_number(t.mpp) +
         (t.scanner.empty() ? "" : "|ScanScope ID = " + t.scanner);
}

void describe_level(TiffWriter& file, const Level& level, const Level& base, const SlideTags& t) {
  const bool first = &level == &base, jpeg = t.compression == SlideCompression::jpeg;
  file.set(TIFFTAG_SUBFILETYPE, first ? 0U : static_cast<uint32_t>(FILETYPE_REDUCEDIMAGE));
  file.set(TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(level.width));
  file.set(TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(level.height));
  file.set(TIFFTAG_TILEWIDTH, static_cast<uint32_t>(t.tile));
  file.set(TIFFTAG_TILELENGTH, static_cast<uint32_t>(t.tile));
  file.set(TIFFTAG_BITSPERSAMPLE, 8);
  file.set(TIFFTAG_SAMPLESPERPIXEL, 3);
  file.set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  file.set(TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  file.set(TIFFTAG_COMPRESSION, jpeg ? COMPRESSION_JPEG : COMPRESSION_ADOBE_DEFLATE);
  file.set(TIFFTAG_PHOTOMETRIC, jpeg ? PHOTOMETRIC_YCBCR : PHOTOMETRIC_RGB);
  if (jpeg) {
    file.set(TIFFTAG_JPEGQUALITY, t.jpeg_quality);
    file.set(TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    file.set(TIFFTAG_YCBCRSUBSAMPLING, 1, 1);  // stains keep their colors at the edges of nuclei
  }
  const double scale = static_cast<double>(base.width) / static_cast<double>(level.width);
  file.set(TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
  file.set(TIFFTAG_XRESOLUTION, 1e4 / (t.mpp * scale));
  file.set(TIFFTAG_YRESOLUTION, 1e4 / (t.mpp * scale));
  file.set(TIFFTAG_SOFTWARE, "photo51");
  if (t.aperio)
    file.set(TIFFTAG_IMAGEDESCRIPTION, aperio_description(level, base, t).c_str());
  else if (!t.scanner.empty())
    file.set(TIFFTAG_MODEL, t.scanner.c_str());
}

void write_tiles(TiffWriter& file, const Level& level, int64_t side) {
  std::vector<uint8_t> tile(static_cast<size_t>(side * side * 3));
  uint32_t number = 0;
  for (int64_t top = 0; top < level.height; top += side)
    for (int64_t left = 0; left < level.width; left += side) {
      for (int64_t y = 0; y < side; ++y) {
        const uint8_t* row = level.pixels.data() + std::min(top + y, level.height - 1) * level.width * 3;
        uint8_t* to = tile.data() + y * side * 3;
        const int64_t inside = std::min(side, level.width - left);
        std::memcpy(to, row + left * 3, static_cast<size_t>(inside * 3));
        for (int64_t x = inside; x < side; ++x) std::memcpy(to + x * 3, row + (level.width - 1) * 3, 3);
      }
      file.write_tile(number++, tile);
    }
}

}  // namespace

void write_slide(const at::Tensor& picture, const fs::path& path, const SlideTags& tags) {
  core::with_context(path.string(), [&] { check(picture, tags); });
  core::TemporaryFile temporary(path);
  TiffWriter file(temporary.another_handle(), path);
  const Level base = first_level(picture);
  Level coarse;
  for (int64_t k = 0; k < tags.levels; ++k) {
    if (k > 0) coarse = half(k == 1 ? base : coarse);
    const Level& level = k == 0 ? base : coarse;
    describe_level(file, level, base, tags);
    write_tiles(file, level, tags.tile);
    file.end_level();
  }
  file.close();
  temporary.put();
}

}  // namespace photo51::imaging

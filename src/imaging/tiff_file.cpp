#include "imaging/tiff_file.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <set>

#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

template <class T>
T field(TIFF* tiff, uint32_t tag, T otherwise) {
  T value = otherwise;
  return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : otherwise;
}

bool is_jpeg_of_colours(const TiffImage& image) {
  return image.compression == COMPRESSION_JPEG && image.photometric == PHOTOMETRIC_YCBCR;
}

uint32_t number_of(const TiffImage& image, int64_t column, int64_t row) {
  return static_cast<uint32_t>(row * (image.tiled ? image.grid.columns() : 1) + column);
}

uint8_t to_byte(uint16_t value) {
  return static_cast<uint8_t>((uint32_t{value} * 255 + 32767) / 65535);
}

/// Alpha composited on white.
uint8_t on_white(uint8_t value, uint8_t alpha, bool premultiplied) {
  const uint32_t over = premultiplied ? value : (uint32_t{value} * alpha + 127) / 255;
  return static_cast<uint8_t>(std::min<uint32_t>(255, over + 255 - alpha));
}

template <class Word>
Piece to_rgb(const std::vector<uint8_t>& bytes, int64_t pixels, int64_t samples, bool has_alpha,
             bool premultiplied) {
  Piece piece(static_cast<size_t>(3 * pixels));
  const auto* word = reinterpret_cast<const Word*>(bytes.data());
  const auto value = [&](int64_t at) {
    if constexpr (sizeof(Word) == 2)
      return to_byte(word[at]);
    else
      return word[at];
  };
  const bool gray = samples < 3;
  for (int64_t i = 0; i < pixels; ++i) {
    const uint8_t alpha = has_alpha ? value(i * samples + (gray ? 1 : 3)) : uint8_t{255};
    for (int64_t c = 0; c < 3; ++c) {
      const uint8_t colour = value(i * samples + (gray ? 0 : c));
      piece[static_cast<size_t>(3 * i + c)] = alpha == 255 ? colour : on_white(colour, alpha, premultiplied);
    }
  }
  return piece;
}

}  // namespace

bool TiffImage::is_plain() const {
  return contiguous && unsigned_integer && (bits == 8 || bits == 16) &&
         (is_jpeg_of_colours(*this) || (photometric == PHOTOMETRIC_RGB && samples >= 3) ||
          (photometric == PHOTOMETRIC_MINISBLACK && samples <= 2));
}

TiffFile::TiffFile(const std::filesystem::path& path) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostBytesOfAPiece);
  const auto keep_error = [](TIFF*, void* to, const char*, const char* format, va_list arguments) {
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    static_cast<Messages*>(to)->error = text;
    return 1;
  };
  // libjpeg only warns when its data ends early, and paints the rest gray.
  const auto keep_warning = [](TIFF*, void* to, const char*, const char* format, va_list arguments) {
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    const std::string warning = text;
    if (warning.find("remature end") != std::string::npos || warning.find("orrupt") != std::string::npos) {
      static_cast<Messages*>(to)->cut_off = true;
      static_cast<Messages*>(to)->error = warning;
    }
    return 1;
  };
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_error, messages_.get());
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), keep_warning, messages_.get());
  TIFF* tiff = TIFFOpenExt(path.c_str(), "rm", options.get());
  if (tiff == nullptr) fail("is not a readable TIFF");
  tiff_ = std::shared_ptr<TIFF>(tiff, TIFFClose);
  at_ = TIFFCurrentDirOffset(tiff);
}

void TiffFile::fail(const std::string& what) const {
  core::fail_data(what + (messages_->error.empty() ? "" : " (" + messages_->error + ")") +
                  "; copy the file again");
}

void TiffFile::go_to(uint64_t offset) {
  if (offset == at_) return;
  at_ = 0;
  if (TIFFSetSubDirectory(tiff_.get(), offset) != 1) fail("a directory of the TIFF is damaged");
  at_ = offset;
}

TiffImage TiffFile::image_at(uint64_t offset) {
  go_to(offset);
  return current_image();
}

TiffImage TiffFile::current_image() {
  TIFF* tiff = tiff_.get();
  TiffImage image;
  image.offset = TIFFCurrentDirOffset(tiff);
  image.grid.width = field<uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  image.grid.height = field<uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  image.bits = field<uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  image.samples = field<uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  image.photometric = field<uint16_t>(tiff, TIFFTAG_PHOTOMETRIC, 0xFFFF);
  image.compression = field<uint16_t>(tiff, TIFFTAG_COMPRESSION, 1);
  image.contiguous = field<uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_CONTIG;
  image.unsigned_integer =
      field<uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) == SAMPLEFORMAT_UINT;
  image.reduced = (field<uint32_t>(tiff, TIFFTAG_SUBFILETYPE, 0) & FILETYPE_REDUCEDIMAGE) != 0;
  image.tiled = TIFFIsTiled(tiff) != 0;
  if (image.tiled) {
    image.grid.piece_width = field<uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0);
    image.grid.piece_height = field<uint32_t>(tiff, TIFFTAG_TILELENGTH, 0);
  } else {
    image.grid.piece_width = image.grid.width;
    image.grid.piece_height =
        std::min<int64_t>(field<uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP, UINT32_MAX), image.grid.height);
  }
  const char* text = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) == 1 && text != nullptr) image.description = text;
  const auto unit = field<uint16_t>(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  if (unit != RESUNIT_NONE) {
    const double microns = unit == RESUNIT_CENTIMETER ? 1e4 : 25400;
    image.x_resolution = static_cast<double>(field<float>(tiff, TIFFTAG_XRESOLUTION, 0)) / microns;
    image.y_resolution = static_cast<double>(field<float>(tiff, TIFFTAG_YRESOLUTION, 0)) / microns;
  }
  uint16_t count = 0;
  const uint64_t* offsets = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_SUBIFD, &count, &offsets) == 1 && offsets != nullptr)
    image.smaller.assign(offsets, offsets + count);
  const PieceGrid& grid = image.grid;
  if (grid.width < 1 || grid.height < 1 || grid.piece_width < 1 || grid.piece_height < 1 ||
      grid.width > INT32_MAX || grid.height > INT32_MAX || image.samples < 1 || image.bits < 1)
    fail("its header is damaged: " + std::to_string(grid.width) + " x " + std::to_string(grid.height) +
         " pixels in pieces of " + std::to_string(grid.piece_width) + " x " +
         std::to_string(grid.piece_height));
  return image;
}

std::vector<TiffImage> TiffFile::images(size_t most) {
  std::vector<TiffImage> found;
  do {
    if (found.size() == most) fail("it has more than " + std::to_string(most) + " images");
    found.push_back(current_image());
    at_ = found.back().offset;
    messages_->error.clear();
  } while (TIFFReadDirectory(tiff_.get()) == 1);
  at_ = 0;
  return found;
}

/// Whether anything is stored there.
bool TiffFile::begin_piece(const TiffImage& image, uint32_t number) {
  const PieceGrid& grid = image.grid;
  if (grid.piece_height > kMostBytesOfAPiece / 8 / grid.piece_width)
    core::fail_data("its pieces of " + std::to_string(grid.piece_width) + " x " +
                    std::to_string(grid.piece_height) +
                    " pixels are too large to be decoded; convert it to a tiled TIFF");
  messages_->error.clear();
  messages_->cut_off = false;
  go_to(image.offset);
  if (is_jpeg_of_colours(image)) TIFFSetField(tiff_.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  return TIFFGetStrileByteCount(tiff_.get(), number) != 0 || !messages_->error.empty();
}

Piece TiffFile::decode(const TiffImage& image, int64_t column, int64_t row) {
  if (image.is_plain()) {
    std::vector<uint8_t> bytes = stored(image, column, row);
    return bytes.empty() ? Piece{} : decode_plain(image, std::move(bytes));
  }
  const uint32_t number = number_of(image, column, row);
  if (!begin_piece(image, number)) return {};
  Piece piece = decode_any(image, column, row);
  if (messages_->cut_off) fail("piece " + std::to_string(number) + " is damaged");
  return piece;
}

std::vector<uint8_t> TiffFile::stored(const TiffImage& image, int64_t column, int64_t row) {
  const uint32_t number = number_of(image, column, row);
  if (!begin_piece(image, number)) return {};
  TIFF* tiff = tiff_.get();
  const PieceGrid& grid = image.grid;
  const int64_t pixels = grid.piece_width * grid.piece_height;
  const auto size = static_cast<size_t>(pixels * image.samples * image.bits / 8);
  const tmsize_t expected = image.tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  if (static_cast<size_t>(expected) > size) fail("piece " + std::to_string(number) + " is damaged");
  std::vector<uint8_t> bytes(size);
  const tmsize_t got = image.tiled ? TIFFReadEncodedTile(tiff, number, bytes.data(), expected)
                                   : TIFFReadEncodedStrip(tiff, number, bytes.data(), expected);
  const int64_t rows = image.tiled
                           ? grid.piece_height
                           : std::min(grid.piece_height, grid.height - int64_t{number} * grid.piece_height);
  if (got < rows * grid.piece_width * image.samples * image.bits / 8 || messages_->cut_off)
    fail("piece " + std::to_string(number) + " is damaged");
  return bytes;
}

Piece TiffFile::decode_plain(const TiffImage& image, std::vector<uint8_t> bytes) {
  TIFF* tiff = tiff_.get();
  const int64_t pixels = image.grid.piece_width * image.grid.piece_height;
  uint16_t extras = 0;
  const uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
  const bool has_alpha =
      extras > 0 && kinds[0] != EXTRASAMPLE_UNSPECIFIED && (image.samples == 2 || image.samples >= 4);
  if (image.bits == 8 && image.samples == 3) return bytes;
  const bool premultiplied = has_alpha && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
  return image.bits == 8 ? to_rgb<uint8_t>(bytes, pixels, image.samples, has_alpha, premultiplied)
                         : to_rgb<uint16_t>(bytes, pixels, image.samples, has_alpha, premultiplied);
}

/// Palettes, planes, CMYK, inverted gray and the like, as libtiff makes a picture of them.
Piece TiffFile::decode_any(const TiffImage& image, int64_t column, int64_t row) {
  TIFF* tiff = tiff_.get();
  const PieceGrid& grid = image.grid;
  char reason[1024] = "";
  if (TIFFRGBAImageOK(tiff, reason) != 1)
    core::fail_data(std::string("its pixels are not a picture that can be read (") + reason +
                    "); convert it to 8-bit RGB, or copy the file again");
  std::vector<uint32_t> raster(static_cast<size_t>(grid.piece_width * grid.piece_height));
  const auto x = static_cast<uint32_t>(column * grid.piece_width);
  const auto y = static_cast<uint32_t>(row * grid.piece_height);
  const int done = image.tiled ? TIFFReadRGBATileExt(tiff, x, y, raster.data(), 1)
                               : TIFFReadRGBAStripExt(tiff, y, raster.data(), 1);
  if (done != 1) fail("the piece at " + std::to_string(x) + ", " + std::to_string(y) + " is damaged");
  // libtiff's pictures stand on their head; a last strip has fewer rows.
  const int64_t rows =
      image.tiled ? grid.piece_height : std::min(grid.piece_height, grid.height - int64_t{y});
  Piece piece(3 * raster.size());
  for (int64_t v = 0; v < rows; ++v)
    for (int64_t u = 0; u < grid.piece_width; ++u) {
      const uint32_t pixel = raster[static_cast<size_t>((rows - 1 - v) * grid.piece_width + u)];
      const auto alpha = static_cast<uint8_t>(TIFFGetA(pixel));
      uint8_t* to = piece.data() + 3 * (v * grid.piece_width + u);
      to[0] = on_white(static_cast<uint8_t>(TIFFGetR(pixel)), alpha, true);
      to[1] = on_white(static_cast<uint8_t>(TIFFGetG(pixel)), alpha, true);
      to[2] = on_white(static_cast<uint8_t>(TIFFGetB(pixel)), alpha, true);
    }
  return piece;
}

}  // namespace photo51::imaging

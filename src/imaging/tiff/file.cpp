#include "imaging/tiff/file.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <fstream>
#include <set>

#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

template <class T>
T field(TIFF* tiff, uint32_t tag, T otherwise) {
  T value = otherwise;
  return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : otherwise;
}

bool is_jpeg_of_colors(const TiffImage& image) {
  return image.compression == COMPRESSION_JPEG && image.photometric == PHOTOMETRIC_YCBCR;
}

uint32_t number_of(const TiffImage& image, int64_t column, int64_t row) {
  return static_cast<uint32_t>(row * (image.tiled ? image.grid.columns() : 1) + column);
}

/// The offset that stands after a directory, which libtiff keeps to itself; 0 when it cannot be read.
uint64_t next_directory(TIFF* tiff, uint64_t at) {
  std::ifstream file(TIFFFileName(tiff), std::ios::binary);
  const bool big_endian = TIFFIsBigEndian(tiff) != 0, big = TIFFIsBigTIFF(tiff) != 0;
  const auto number = [&](uint64_t place, size_t bytes) {
    std::array<char, 8> raw{};
    file.seekg(static_cast<std::streamoff>(place));
    file.read(raw.data(), static_cast<std::streamsize>(bytes));
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
      value = value << 8 | static_cast<uint8_t>(raw[big_endian ? i : bytes - 1 - i]);
    return file ? value : 0;
  };
  const uint64_t entries = number(at, big ? 8 : 2);
  if (entries > 65535) return 0;
  return big ? number(at + 8 + 20 * entries, 8) : number(at + 2 + 12 * entries, 4);
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
Piece to_rgb(const std::vector<uint8_t>& bytes, int64_t pixels, const TiffImage& image) {
  const int64_t samples = image.samples;
  const bool has_alpha =
      !image.extras.empty() && image.extras[0] != EXTRASAMPLE_UNSPECIFIED && (samples == 2 || samples >= 4);
  const bool premultiplied = has_alpha && image.extras[0] == EXTRASAMPLE_ASSOCALPHA;
  const bool inverted = image.photometric == PHOTOMETRIC_MINISWHITE;
  Piece piece(static_cast<size_t>(3 * pixels));
  const auto* word = reinterpret_cast<const Word*>(bytes.data());
  const auto value = [&](int64_t at) {
    uint8_t byte = 0;
    if constexpr (sizeof(Word) == 2)
      byte = to_byte(word[at]);
    else
      byte = word[at];
    return byte;
  };
  const bool gray = samples < 3;
  for (int64_t i = 0; i < pixels; ++i) {
    const uint8_t alpha = has_alpha ? value(i * samples + (gray ? 1 : 3)) : uint8_t{255};
    for (int64_t c = 0; c < 3; ++c) {
      const uint8_t stored = value(i * samples + (gray ? 0 : c));
      const uint8_t color = inverted ? static_cast<uint8_t>(255 - stored) : stored;
      piece[static_cast<size_t>(3 * i + c)] = alpha == 255 ? color : on_white(color, alpha, premultiplied);
    }
  }
  return piece;
}

}  // namespace

std::vector<uint8_t> bytes_of_palette(const TiffImage& image, size_t color) {
  // Entries have 16 bits, but some programs write 8.
  bool wide = false;
  for (const auto& map : image.palette)
    wide = wide || std::any_of(map.begin(), map.end(), [](uint16_t entry) { return entry > 255; });
  std::vector<uint8_t> bytes;
  for (const uint16_t entry : image.palette[color])
    bytes.push_back(static_cast<uint8_t>(wide ? entry >> 8 : entry));
  return bytes;
}

bool TiffImage::is_plain() const {
  const bool gray = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
  return contiguous && format == SAMPLEFORMAT_UINT && (bits == 8 || bits == 16) &&
         (is_jpeg_of_colors(*this) || (photometric == PHOTOMETRIC_RGB && samples >= 3) ||
          (gray && samples <= 2));
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

std::string TiffFile::current_description() const {
  const char* text = nullptr;
  return TIFFGetField(tiff_.get(), TIFFTAG_IMAGEDESCRIPTION, &text) == 1 && text != nullptr ? text : "";
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
  image.format = field<uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  if (image.format == SAMPLEFORMAT_VOID) image.format = SAMPLEFORMAT_UINT;
  image.orientation = field<uint16_t>(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  const auto kind = field<uint32_t>(tiff, TIFFTAG_SUBFILETYPE, 0);
  image.reduced = (kind & FILETYPE_REDUCEDIMAGE) != 0;
  image.macro = kind == 9;
  image.tiled = TIFFIsTiled(tiff) != 0;
  if (image.tiled) {
    image.grid.piece_width = field<uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0);
    image.grid.piece_height = field<uint32_t>(tiff, TIFFTAG_TILELENGTH, 0);
  } else {
    image.grid.piece_width = image.grid.width;
    image.grid.piece_height =
        std::min<int64_t>(field<uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP, UINT32_MAX), image.grid.height);
  }
  image.description = current_description();
  const char* text = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_PAGENAME, &text) == 1 && text != nullptr) image.page_name = text;
  image.unit = field<uint16_t>(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  image.per_unit = {static_cast<double>(field<float>(tiff, TIFFTAG_XRESOLUTION, 0)),
                    static_cast<double>(field<float>(tiff, TIFFTAG_YRESOLUTION, 0))};
  if (image.unit != RESUNIT_NONE) {
    const double microns = image.unit == RESUNIT_CENTIMETER ? 1e4 : 25400;
    image.x_resolution = image.per_unit[0] / microns;
    image.y_resolution = image.per_unit[1] / microns;
  }
  uint16_t count = 0;
  const uint16_t* kinds = nullptr;
  if (TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) == 1 && kinds != nullptr)
    image.extras.assign(kinds, kinds + count);
  std::array<const uint16_t*, 3> maps{};
  if (image.photometric == PHOTOMETRIC_PALETTE && image.bits <= 16 &&
      TIFFGetField(tiff, TIFFTAG_COLORMAP, maps.data(), &maps[1], &maps[2]) == 1)
    for (size_t c = 0; c < 3; ++c) image.palette[c].assign(maps[c], maps[c] + (size_t{1} << image.bits));
  count = 0;
  const uint64_t* offsets = nullptr;
  constexpr int most_levels = 100;
  if (TIFFGetField(tiff, TIFFTAG_SUBIFD, &count, &offsets) == 1 && offsets != nullptr) {
    if (count > most_levels)
      fail("its header is damaged: a page has " + std::to_string(count) + " smaller copies (SubIFDs (330))");
    image.smaller.assign(offsets, offsets + count);
  }
  const PieceGrid& grid = image.grid;
  if (grid.width < 1 || grid.height < 1 || grid.piece_width < 1 || grid.piece_height < 1 ||
      grid.width > INT32_MAX || grid.height > INT32_MAX || image.samples < 1 || image.bits < 1)
    fail("its header is damaged: " + std::to_string(grid.width) + " x " + std::to_string(grid.height) +
         " pixels in pieces of " + std::to_string(grid.piece_width) + " x " +
         std::to_string(grid.piece_height));
  constexpr int64_t most_samples = 1024;  // of interleaved channels; a damaged header asks for 65,535
  if (image.samples > most_samples)
    fail("its header is damaged: it promises " + std::to_string(image.samples) + " samples a pixel");
  return image;
}

std::vector<TiffImage> TiffFile::images(size_t most) {
  std::vector<TiffImage> found;
  std::set<uint64_t> seen;
  for (;;) {
    if (found.size() == most) fail("it has more than " + std::to_string(most) + " images");
    found.push_back(current_image());
    at_ = found.back().offset;
    if (!seen.insert(at_).second) fail("its chain of pages runs in a circle");
    messages_->error.clear();
    if (TIFFLastDirectory(tiff_.get()) != 0) break;
    if (TIFFReadDirectory(tiff_.get()) != 1)
      fail(seen.contains(next_directory(tiff_.get(), at_))
               ? "its chain of pages runs in a circle"
               : "page " + std::to_string(found.size() + 1) + " is damaged");
  }
  at_ = 0;
  return found;
}

void TiffFile::check_pieces(uint64_t file_bytes) {
  const auto all = images();
  for (size_t page = 0; page < all.size(); ++page) {
    const TiffImage& image = all[page];
    const std::string of_page = " of page " + std::to_string(page + 1);
    constexpr int64_t longest_side = 16'384;  // sixteen times what scanners write
    if (image.tiled && std::max(image.grid.piece_width, image.grid.piece_height) > longest_side)
      fail("its header is damaged: the tiles" + of_page + " have " + std::to_string(image.grid.piece_width) +
           " x " + std::to_string(image.grid.piece_height) + " pixels");
    go_to(image.offset);
    const uint32_t count = image.tiled ? TIFFNumberOfTiles(tiff_.get()) : TIFFNumberOfStrips(tiff_.get());
    for (uint32_t i = 0; i < count; ++i)
      if (const uint64_t bytes = TIFFGetStrileByteCount(tiff_.get(), i); bytes > file_bytes)
        fail("its header is damaged: piece " + std::to_string(i) + of_page + " takes " +
             std::to_string(bytes) + " bytes of a file of " + std::to_string(file_bytes));
  }
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
  if (is_jpeg_of_colors(image)) TIFFSetField(tiff_.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  return TIFFGetStrileByteCount(tiff_.get(), number) != 0 || !messages_->error.empty();
}

Piece TiffFile::decode(const TiffImage& image, int64_t column, int64_t row) {
  if (image.is_plain()) {
    std::vector<uint8_t> bytes = stored(image, column, row);
    if (bytes.empty() || (image.bits == 8 && image.samples == 3)) return bytes;
    const int64_t pixels = image.grid.piece_width * image.grid.piece_height;
    return image.bits == 8 ? to_rgb<uint8_t>(bytes, pixels, image) : to_rgb<uint16_t>(bytes, pixels, image);
  }
  if (!image.palette[0].empty() && image.bits == 8 && image.samples == 1)
    return decode_palette(image, column, row);
  const uint32_t number = number_of(image, column, row);
  if (!begin_piece(image, number)) return {};
  Piece piece = decode_any(image, column, row);
  if (messages_->cut_off) fail("piece " + std::to_string(number) + " is damaged");
  return piece;
}

std::vector<uint8_t> TiffFile::stored(const TiffImage& image, int64_t column, int64_t row, int64_t plane) {
  const uint32_t number =
      number_of(image, column, row) + static_cast<uint32_t>(image.contiguous ? 0 : plane * image.pieces());
  if (!begin_piece(image, number)) return {};
  TIFF* tiff = tiff_.get();
  const PieceGrid& grid = image.grid;
  const int64_t row_bytes = (grid.piece_width * (image.contiguous ? image.samples : 1) * image.bits + 7) / 8;
  if (row_bytes > kMostBytesOfAPiece / grid.piece_height)
    core::fail_data("its pieces are too large to be decoded; convert it to a tiled TIFF");
  const tmsize_t size = row_bytes * grid.piece_height;
  const tmsize_t expected = image.tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  if (expected > size) fail("piece " + std::to_string(number) + " is damaged");
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  const tmsize_t got = image.tiled ? TIFFReadEncodedTile(tiff, number, bytes.data(), expected)
                                   : TIFFReadEncodedStrip(tiff, number, bytes.data(), expected);
  const int64_t rows =
      image.tiled ? grid.piece_height : std::min(grid.piece_height, grid.height - row * grid.piece_height);
  if (got < rows * row_bytes || messages_->cut_off) fail("piece " + std::to_string(number) + " is damaged");
  return bytes;
}

std::vector<uint8_t> TiffFile::sample(const TiffImage& image, int64_t column, int64_t row, int64_t number) {
  if (image.format != SAMPLEFORMAT_UINT || (image.bits != 8 && image.bits != 16))
    core::fail_data("its channels of " + std::to_string(image.bits) +
                    " bits are not whole unsigned numbers of 8 or 16 bits; convert it");
  const std::vector<uint8_t> bytes = stored(image, column, row, number);
  if (bytes.empty()) return {};
  const auto step = static_cast<size_t>(image.contiguous ? image.samples : 1);
  const auto first = static_cast<size_t>(image.contiguous ? number : 0);
  std::vector<uint8_t> values(static_cast<size_t>(image.grid.piece_width * image.grid.piece_height));
  const auto* words = reinterpret_cast<const uint16_t*>(bytes.data());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = image.bits == 8 ? bytes[i * step + first] : to_byte(words[i * step + first]);
    if (image.photometric == PHOTOMETRIC_MINISWHITE) values[i] = static_cast<uint8_t>(255 - values[i]);
  }
  return values;
}

/// libtiff's own way rounds the 16 bits of an entry differently from the writers of palettes.
Piece TiffFile::decode_palette(const TiffImage& image, int64_t column, int64_t row) {
  const std::vector<uint8_t> bytes = stored(image, column, row);
  Piece piece(3 * bytes.size());
  for (size_t c = 0; c < 3; ++c) {
    const std::vector<uint8_t> colors = bytes_of_palette(image, c);
    for (size_t i = 0; i < bytes.size(); ++i) piece[3 * i + c] = colors[bytes[i]];
  }
  return piece;
}

/// Planes, CMYK, packed bits and the like, as libtiff makes a picture of them.
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

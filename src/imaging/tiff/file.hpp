#pragma once
/// libtiff with its errors as core::Error, and its directories as pieces of RGB.

#include <tiffio.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "imaging/slide/blocks.hpp"

namespace photo51::imaging {

/// One image of the file.
struct TiffImage {
  uint64_t offset = 0;  ///< of its directory
  PieceGrid grid;
  bool tiled = false, reduced = false;
  bool macro = false;  ///< marked as Aperio marks the picture of the whole glass
  uint16_t bits = 0, samples = 0, photometric = 0, compression = 0;
  uint16_t format = 1;       ///< SampleFormat: 1 unsigned, 2 signed, 3 float
  uint16_t orientation = 1;  ///< Orientation (274), as EXIF's
  bool contiguous = true;    ///< samples side by side, not plane after plane
  std::string description, page_name;
  std::array<double, 2> per_unit{0, 0};          ///< pixels along x and y of a unit; 0 = not said
  uint16_t unit = 2;                             ///< ResolutionUnit: 1 none, 2 inch, 3 cm
  double x_resolution = 0, y_resolution = 0;     ///< pixels a micron; 0 = not said
  std::vector<uint64_t> smaller;                 ///< directories of SubIFDs
  std::vector<uint16_t> extras;                  ///< ExtraSamples: what the samples beyond the colors are
  std::array<std::vector<uint16_t>, 3> palette;  ///< red, green, blue by index; entries of 8 or of 16 bits

  /// Samples that are shown as they are stored: whole unsigned numbers of 8 or 16 bits side by side, gray
  /// from black or RGB.
  bool is_plain() const;
  /// Whether the last sample is alpha.
  bool has_alpha() const { return extras.size() == 1 && extras[0] != 0; }
  int64_t pieces() const { return (tiled ? grid.columns() : 1) * grid.rows(); }
};

/// The 8 bits of one color (0 red, 1 green, 2 blue) of every entry of the palette.
std::vector<uint8_t> bytes_of_palette(const TiffImage& image, size_t color);

/// One libtiff handle; not for two threads at once.
class TiffFile {
 public:
  /// Error (data): not a TIFF.
  explicit TiffFile(const std::filesystem::path& path);
  /// The images of the file in order, without those of SubIFDs. Error (data): a damaged directory, more than
  /// `most`.
  std::vector<TiffImage> images(size_t most = 1000);
  TiffImage image_at(uint64_t offset);
  /// Error (data): a tile or strip of any page takes more than `file_bytes`; tiles with a side above 16,384.
  void check_pieces(uint64_t file_bytes);
  /// ImageDescription of the directory at hand: after opening, the first one's, which describes the file.
  std::string current_description() const;
  /// RGB of one piece: 16 bits become 8 by rounding v / 257, gray becomes three equal channels, alpha is
  /// composited on white. Error (data): damaged, or a kind of pixel that is no picture.
  Piece decode(const TiffImage& image, int64_t column, int64_t row);
  /// The samples of one piece as they are stored (JPEG colors as RGB), words in this machine's order, rows
  /// begin at whole bytes; `plane` = which sample of an image that stores them plane after plane. Empty =
  /// nothing was stored here. A last strip has rows to spare. Error (data): damaged.
  std::vector<uint8_t> stored(const TiffImage& image, int64_t column, int64_t row, int64_t plane = 0);
  /// One sample of every pixel of a piece, of unsigned numbers of 8 or 16 bits, as bytes; empty = nothing was
  /// stored here. Error (data): damaged, other numbers.
  std::vector<uint8_t> sample(const TiffImage& image, int64_t column, int64_t row, int64_t number);

 private:
  TiffImage current_image();
  void go_to(uint64_t offset);
  Piece decode_palette(const TiffImage& image, int64_t column, int64_t row);
  Piece decode_any(const TiffImage& image, int64_t column, int64_t row);
  bool begin_piece(const TiffImage& image, uint32_t number);
  [[noreturn]] void fail(const std::string& what) const;

  struct Messages {
    std::string error;
    bool cut_off = false;
  };
  std::unique_ptr<Messages> messages_ = std::make_unique<Messages>();
  std::shared_ptr<TIFF> tiff_;
  uint64_t at_ = 0;
};

}  // namespace photo51::imaging

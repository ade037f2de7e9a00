#pragma once
/// libtiff with its errors as core::Error, and its directories as pieces of RGB.

#include <tiffio.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "imaging/slide_pieces.hpp"

namespace photo51::imaging {

/// One image of the file.
struct TiffImage {
  uint64_t offset = 0;  ///< of its directory
  PieceGrid grid;
  bool tiled = false, reduced = false;
  uint16_t bits = 0, samples = 0, photometric = 0, compression = 0;
  bool contiguous = true, unsigned_integer = true;
  std::string description;
  double x_resolution = 0, y_resolution = 0;  ///< pixels a micron; 0 = not said
  std::vector<uint64_t> smaller;              ///< directories of SubIFDs

  /// Samples that are shown as they are stored: whole unsigned numbers of 8 or 16 bits side by side, gray
  /// from black or RGB.
  bool is_plain() const;
};

/// One libtiff handle; not for two threads at once.
class TiffFile {
 public:
  /// Error (data): not a TIFF.
  explicit TiffFile(const std::filesystem::path& path);
  /// The images of the file in order, without those of SubIFDs. Error (data): a damaged directory, more than
  /// `most`.
  std::vector<TiffImage> images(size_t most = 1000);
  TiffImage image_at(uint64_t offset);
  /// RGB of one piece: 16 bits become 8 by rounding v / 257, gray becomes three equal channels, alpha is
  /// composited on white. Error (data): damaged, or a kind of pixel that is no picture.
  Piece decode(const TiffImage& image, int64_t column, int64_t row);
  /// The samples of one piece of a plain image as they are stored, words in this machine's order; empty =
  /// nothing was stored here. A last strip has rows to spare. Error (data): damaged.
  std::vector<uint8_t> stored(const TiffImage& image, int64_t column, int64_t row);

 private:
  TiffImage current_image();
  void go_to(uint64_t offset);
  Piece decode_plain(const TiffImage& image, std::vector<uint8_t> bytes);
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

#pragma once
/// PNG, JPEG and TIFF, for every input that takes pictures: volumes, stills, mammograms and flat slides.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "imaging/readers.hpp"

namespace photo51::imaging {

/// Samples of a picture side by side, row by row, as bytes or as words in this machine's order.
struct RawPicture {
  int64_t width = 0, height = 0, samples = 0;
  int bits = 8;         ///< 8 or 16
  int orientation = 1;  ///< EXIF's
  std::vector<uint8_t> bytes;
};

/// PNG (ISO/IEC 15948): palettes as colors, packed bits spread over 0..255, transparent colors as alpha.
/// Errors (data): damaged, cut off, more pixels than its bytes can hold.
RawPicture decode_png(const std::string& file);
/// JPEG (ISO/IEC 10918-1) of 8 bits: gray or RGB; CMYK becomes RGB. Errors (data): as above.
RawPicture decode_jpeg_picture(const std::string& file);

/// A PNG or JPEG file as [C, 1, H, W], upright: uint8, or int32 for 16 bits. Channels of three or more are
/// named red, green, blue and alpha; alpha that is the same everywhere is left out. Error (data).
Volume read_picture(const std::filesystem::path& path, Format format);
/// A TIFF as [C, pages, H, W] of its numbers: pages of one size are slices (reduced copies are no pages), of
/// other sizes are left out with a warning; palettes become 8-bit colors, MinIsWhite is turned over, planes
/// that OME-XML names are channels. Errors (data): damaged, a kind of number that is not known, fewer pages
/// than ImageJ counts. Doubles become float32 unless `keep_double`.
Volume read_tiff(const std::filesystem::path& path, bool keep_double = false);

/// Names colors, and leaves out a last channel of alpha that is the same everywhere.
void name_colors(Volume& volume, bool has_alpha);
/// Bytes that pixels may take for a file of `file_bytes`, by how tightly its codec packs: Error (data)
/// beyond.
void require_room(double bytes, double file_bytes, double ratio, int64_t width, int64_t height);
/// Error (data): the file is named as a slide whose pixels lie in other files; what is in it is a preview.
void refuse_preview(const std::filesystem::path& path);

}  // namespace photo51::imaging

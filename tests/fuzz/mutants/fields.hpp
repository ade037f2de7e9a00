#pragma once
/// Where a file's header says what: the places at which a mutation does most harm. Found from the bytes
/// alone, without the readers that are being tested.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace photo51::fuzz {

using Bytes = std::vector<uint8_t>;

/// A number, or a text of digits, of some header.
struct Place {
  size_t at = 0, bytes = 0;
  bool big_endian = false, is_text = false;
  bool grows = false;  ///< a text that may become longer or shorter: nothing counts its digits
};

/// A DICOM element, a TIFF directory entry, a NIfTI field, a chunk, a segment or a number in a text. Offsets
/// are from the start of the file.
struct Field {
  std::string name;
  size_t begin = 0, end = 0;  ///< the whole of it; [begin, end) can be taken out. Equal: it cannot.
  Place value;
  Place length;               ///< its own count of bytes or values; none: bytes = 0
  bool is_dimension = false;  ///< of the picture: rows, bits, frames, tiles, …
};

/// The fields of a DICOM, TIFF, NIfTI, PNG or JPEG file as far as they can be followed, and the numbers of a
/// header that is text; none of any other file.
std::vector<Field> fields_of(const Bytes& file);

/// Of a PNG: the checksums of its chunks, without which a decoder sees no further than the first of them.
void mend_checksums(Bytes& file);

/// An unsigned number of 1 to 8 bytes; 0 where the file does not hold it.
uint64_t read_number(const Bytes& file, const Place& place);
/// Its low bytes, or as many of its decimal digits as fit; nothing where the file does not hold it.
void write_number(Bytes& file, const Place& place, uint64_t value);

}  // namespace photo51::fuzz

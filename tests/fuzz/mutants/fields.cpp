#include "fuzz/mutants/fields.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace photo51::fuzz {
namespace {

std::string hex(uint64_t value) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (int shift = 12; shift >= 0; shift -= 4) text += kDigits[value >> shift & 15];
  return text;
}

struct DicomSyntax {
  bool is_explicit = true, big_endian = false;
};

/// Elements one after the other. Sequences and items are entered by stepping over their own few bytes, so no
/// damaged length can lead astray what does not nest anyway.
class DicomWalk {
 public:
  explicit DicomWalk(const Bytes& file) : file_(file) {}

  std::vector<Field> run() {
    const bool has_meta = file_.size() > 132 && std::equal(kMagic.begin(), kMagic.end(), file_.begin() + 128);
    at_ = has_meta ? 132 : 0;
    syntax_ = has_meta ? DicomSyntax{} : guess();
    while (at_ + 8 <= file_.size() && step()) {
    }
    return std::move(fields_);
  }

 private:
  static constexpr std::string_view kMagic = "DICM";
  static constexpr uint64_t kUndefined = 0xFFFFFFFF;

  uint64_t number(size_t at, size_t bytes) const {
    return read_number(file_, {at, bytes, syntax_.big_endian});
  }
  bool is_letter(size_t at) const { return std::isupper(file_[at]) != 0; }

  /// Of the element at `at_`.
  DicomSyntax guess() const {
    DicomSyntax syntax;
    if (at_ + 8 > file_.size()) return syntax;
    syntax.is_explicit = is_letter(at_ + 4) && is_letter(at_ + 5);
    syntax.big_endian = file_[at_] == 0 && file_[at_ + 1] != 0;
    return syntax;
  }

  bool step() {
    if (in_meta_ && number(at_, 2) != 2) {
      in_meta_ = false;
      syntax_ = guess();
    }
    const uint64_t group = number(at_, 2), element = number(at_ + 2, 2);
    if (group == 0xFFFE) return pass_item(element);
    Field field;
    field.name = hex(group) + "," + hex(element);
    field.begin = at_;
    const bool wide = syntax_.is_explicit && is_wide(at_ + 4);
    field.length = {wide                  ? at_ + 8
                    : syntax_.is_explicit ? at_ + 6
                                          : at_ + 4,
                    size_t{wide || !syntax_.is_explicit ? 4U : 2U}, syntax_.big_endian};
    const uint64_t length = read_number(file_, field.length);
    const size_t value = field.length.at + field.length.bytes;
    const bool pixels = group == 0x7FE0 && element == 0x0010;
    if (value > file_.size() || (length != kUndefined && length > file_.size() - value)) return false;
    if (length == kUndefined) open_.push_back(fields_.size());
    in_fragments_ = in_fragments_ || (length == kUndefined && pixels);
    field.end = length == kUndefined ? field.begin : value + length;
    describe_value(field, group << 16 | element, value, length);
    // A sequence begins with an item.
    const bool nests = length == kUndefined || (!pixels && length >= 8 && number(value, 2) == 0xFFFE);
    at_ = nests ? value : value + length;
    fields_.push_back(std::move(field));
    return true;
  }

  bool pass_item(uint64_t element) {
    const uint64_t length = number(at_ + 4, 4);
    at_ += 8;
    if (element == 0xE0DD && !open_.empty()) {
      fields_[open_.back()].end = at_;
      open_.pop_back();
      in_fragments_ = false;
    }
    if (element != 0xE000 || !in_fragments_) return true;
    if (length > file_.size() - at_) return false;
    fields_.push_back(
        {"fragment", at_ - 8, at_ + length, {at_, std::min<size_t>(length, 4)}, {at_ - 4, 4}, false});
    at_ += length;
    return true;
  }

  /// Representations whose length takes four bytes.
  bool is_wide(size_t at) const {
    const std::string vr{static_cast<char>(file_[at]), static_cast<char>(file_[at + 1])};
    for (const char* wide : {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
      if (vr == wide) return true;
    return false;
  }

  void describe_value(Field& field, uint64_t tag, size_t value, uint64_t length) const {
    // Frames, samples, planes, rows, columns, bits, sign; descriptors of tables; the matrix of a slide; the
    // box of a calibrated region.
    static constexpr std::array<uint64_t, 20> kDimensions{
        0x00280002, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101,
        0x00280102, 0x00280103, 0x00281101, 0x00281102, 0x00281103, 0x00283002, 0x00480006,
        0x00480007, 0x00186018, 0x0018601A, 0x0018601C, 0x0018601E, 0x00620004};
    if (length == 0 || length == kUndefined) return;
    field.is_dimension = std::ranges::find(kDimensions, tag) != kDimensions.end();
    const bool is_text = tag == 0x00280008;
    field.value = {value,
                   std::min<size_t>(length, is_text                     ? length
                                            : length >= 4 && length < 6 ? 4
                                                                        : 2),
                   syntax_.big_endian, is_text};
  }

  const Bytes& file_;
  size_t at_ = 0;
  DicomSyntax syntax_;
  bool in_meta_ = true, in_fragments_ = false;
  std::vector<size_t> open_;  ///< sequences of undefined length
  std::vector<Field> fields_;
};

/// Entries of the directories that follow one another, classic or big.
std::vector<Field> tiff_fields(const Bytes& file) {
  static constexpr std::array<uint64_t, 19> kDimensions{256, 257, 258, 259, 262, 273, 277, 278, 279, 284,
                                                        317, 322, 323, 324, 325, 330, 338, 339, 347};
  const bool big_endian = file[0] == 'M';
  const auto number = [&](size_t at, size_t bytes) { return read_number(file, {at, bytes, big_endian}); };
  const bool big = number(2, 2) == 43;
  const size_t word = big ? 8 : 4, count_bytes = big ? 8 : 2, entry = big ? 20 : 12;
  std::vector<Field> fields;
  size_t directory = number(big ? 8 : 4, word);
  for (int n = 0; n < 100 && directory != 0 && directory + count_bytes <= file.size(); ++n) {
    const size_t count = std::min<size_t>(number(directory, count_bytes), 500);
    const size_t begin = directory + count_bytes;
    if (begin + count * entry + word > file.size()) break;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = begin + i * entry;
      Field field;
      const uint64_t tag = number(at, 2);
      field.name = "TIFF " + std::to_string(tag);
      field.length = {at + 4, word, big_endian};
      field.value = {at + 4 + word, number(at + 2, 2) == 3 ? size_t{2} : word, big_endian};
      field.is_dimension = std::ranges::find(kDimensions, tag) != kDimensions.end();
      fields.push_back(std::move(field));
    }
    directory = number(begin + count * entry, word);
  }
  return fields;
}

/// Sizes, type, offset of the voxels and which affine holds, of version 1.
std::vector<Field> nifti_fields(const Bytes& file) {
  const bool big_endian = file[0] == 0;
  std::vector<Field> fields;
  const auto add = [&](const std::string& name, size_t at, size_t bytes) {
    fields.push_back({name, at, at, {at, bytes, big_endian}, {}, true});
  };
  for (size_t i = 0; i < 8; ++i) add("dim[" + std::to_string(i) + "]", 40 + 2 * i, 2);
  for (size_t i = 0; i < 4; ++i) add("pixdim[" + std::to_string(i) + "]", 76 + 4 * i, 4);
  for (const size_t at : {68U, 70U, 72U, 252U, 254U}) add("short at " + std::to_string(at), at, 2);
  for (const size_t at : {108U, 112U, 116U, 280U, 300U, 320U}) add("float at " + std::to_string(at), at, 4);
  return fields;
}

/// Lengths of segments, and the size and precision of frames.
std::vector<Field> jpeg_fields(const Bytes& file) {
  std::vector<Field> fields;
  for (size_t at = 2; at + 10 < file.size() && file[at] == 0xFF;) {
    const int marker = file[at + 1];
    const size_t length = read_number(file, {at + 2, 2, true});
    const bool frame = marker >= 0xC0 && marker <= 0xC2;
    Field field{"JPEG " + hex(static_cast<uint64_t>(marker)),
                at,
                std::min(at + 2 + length, file.size()),
                {},
                {at + 2, 2, true},
                false};
    if (frame)
      for (const size_t offset : {5U, 7U})
        fields.push_back({"JPEG size", at, at, {at + offset, 2, true}, {}, true});
    fields.push_back(std::move(field));
    if (marker == 0xDA) break;
    at += 2 + length;
  }
  return fields;
}

/// Chunks, and the size and kind of the picture.
std::vector<Field> png_fields(const Bytes& file) {
  std::vector<Field> fields;
  for (const size_t at : {16U, 20U}) fields.push_back({"PNG size", at, at, {at, 4, true}, {}, true});
  for (const size_t at : {24U, 25U, 28U}) fields.push_back({"PNG kind", at, at, {at, 1, true}, {}, true});
  for (size_t at = 8; at + 12 <= file.size();) {
    const uint64_t length = read_number(file, {at, 4, true});
    if (length > file.size() - at - 12) break;
    fields.push_back({"PNG chunk",
                      at,
                      at + 12 + length,
                      {at + 8, std::min<size_t>(length, 4), true},
                      {at, 4, true},
                      false});
    at += 12 + length;
  }
  return fields;
}

/// The numbers of a header that is text: NRRD, MetaImage, JSON, CSV, YAML.
std::vector<Field> text_fields(const Bytes& file, size_t begin) {
  std::vector<Field> fields;
  const size_t end = std::min<size_t>(file.size(), begin + 2048);
  for (size_t at = begin; at < end;) {
    size_t digits = 0;
    while (at + digits < end && std::isdigit(file[at + digits]) != 0) ++digits;
    if (digits > 0)
      fields.push_back(
          {"number at " + std::to_string(at), at, at, {at, digits, false, true, true}, {}, true});
    at += std::max<size_t>(digits, 1);
  }
  return fields;
}

bool is_text(const Bytes& file, size_t begin) {
  const size_t end = std::min<size_t>(file.size(), begin + 60);
  return end > begin + 8 && std::all_of(file.begin() + static_cast<std::ptrdiff_t>(begin),
                                        file.begin() + static_cast<std::ptrdiff_t>(end), [](uint8_t byte) {
                                          return std::isprint(byte) != 0 || byte == '\n' || byte == '\r';
                                        });
}

}  // namespace

void mend_checksums(Bytes& file) {
  static constexpr std::array<uint8_t, 4> kPng{0x89, 'P', 'N', 'G'};
  if (file.size() < 16 || !std::equal(kPng.begin(), kPng.end(), file.begin())) return;
  for (size_t at = 8; at + 12 <= file.size();) {
    const uint64_t length = read_number(file, {at, 4, true});
    if (length > file.size() - at - 12) return;
    write_number(file, {at + 8 + length, 4, true},
                 crc32(0, file.data() + at + 4, static_cast<uInt>(length + 4)));
    at += 12 + length;
  }
}

uint64_t read_number(const Bytes& file, const Place& place) {
  if (place.bytes > file.size() || place.at > file.size() - place.bytes) return 0;
  uint64_t value = 0;
  for (size_t i = 0; i < place.bytes; ++i) {
    const size_t shift = 8 * (place.big_endian ? place.bytes - 1 - i : i);
    value |= uint64_t{file[place.at + i]} << shift;
  }
  return value;
}

void write_number(Bytes& file, const Place& place, uint64_t value) {
  if (place.bytes > file.size() || place.at > file.size() - place.bytes) return;
  std::string digits = std::to_string(value);
  digits.resize(place.bytes, place.bytes > digits.size() ? ' ' : '0');
  for (size_t i = 0; i < place.bytes; ++i) {
    const size_t shift = 8 * (place.big_endian ? place.bytes - 1 - i : i);
    file[place.at + i] = place.is_text ? static_cast<uint8_t>(digits[i])
                                       : static_cast<uint8_t>(shift < 64 ? value >> shift : 0);
  }
}

std::vector<Field> fields_of(const Bytes& file) {
  if (file.size() < 16) return {};
  const std::string magic(file.begin(), file.begin() + 4);
  for (const char* tiff : {"II*\0", "MM\0*", "II+\0", "MM\0+"})
    if (magic == std::string(tiff, 4)) return tiff_fields(file);
  if (file.size() > 352 && std::string_view(reinterpret_cast<const char*>(&file[344]), 3) == "n+1")
    return nifti_fields(file);
  if (magic == "\x89PNG") return png_fields(file);
  if (magic.starts_with("\xFF\xD8\xFF")) return jpeg_fields(file);
  if (is_text(file, 0)) return text_fields(file, 0);
  if (is_text(file, 8)) {  // safetensors: the length of the header in front of it
    auto fields = text_fields(file, 8);
    fields.push_back({"length of the header", 0, 0, {0, 8}, {}, true});
    return fields;
  }
  return DicomWalk(file).run();
}

}  // namespace photo51::fuzz

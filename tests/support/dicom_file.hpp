#pragma once
/// A DICOM file written element by element, explicit little endian, to say what no writer of the library
/// says: missing, contradictory and odd tags.

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "photo51/imaging/read.hpp"
#include "support/errors.hpp"

namespace photo51::test {

/// Why `path` is not read as a volume.
inline std::string refusal(const std::filesystem::path& path, const imaging::ReadOptions& options = {}) {
  return message_of(core::Fault::data, [&] { imaging::read_volume(path, options); });
}

class DicomFile {
 public:
  DicomFile& text(uint32_t tag, const char* vr, std::string value) {
    if (value.size() % 2 != 0) value += std::string(vr) == "UI" ? '\0' : ' ';
    return put(tag, vr, value);
  }
  DicomFile& shorts(uint32_t tag, const std::vector<uint16_t>& values) { return numbers(tag, "US", values); }
  /// The value is an element's number, such as FrameIncrementPointer's.
  DicomFile& pointer(uint32_t tag, uint32_t to) {
    return put(tag, "AT", bytes(static_cast<uint16_t>(to >> 16)) + bytes(static_cast<uint16_t>(to)));
  }
  DicomFile& longs(uint32_t tag, const std::vector<uint32_t>& values) { return numbers(tag, "UL", values); }
  DicomFile& doubles(uint32_t tag, const std::vector<double>& values) { return numbers(tag, "FD", values); }
  DicomFile& items(uint32_t tag, const std::vector<DicomFile>& items) {
    std::string all;
    for (const DicomFile& item : items) {
      const std::string body = item.body();
      all += bytes(uint16_t{0xFFFE}) + bytes(uint16_t{0xE000}) + bytes(static_cast<uint32_t>(body.size())) +
             body;
    }
    return put(tag, "SQ", all);
  }
  DicomFile& remove(uint32_t tag) {
    elements_.erase(tag);
    return *this;
  }
  /// 8-bit pixels, `samples` side by side.
  DicomFile& pixels(uint16_t rows, uint16_t columns, uint16_t frames, uint16_t samples,
                    const std::vector<uint8_t>& values) {
    layout(rows, columns, frames, samples, 8);
    std::string raw(reinterpret_cast<const char*>(values.data()), values.size());
    if (raw.size() % 2 != 0) raw += '\0';
    return put(0x7FE00010, "OB", raw);
  }
  DicomFile& pixels16(uint16_t rows, uint16_t columns, uint16_t frames, uint16_t stored_bits,
                      const std::vector<uint16_t>& values) {
    layout(rows, columns, frames, 1, 16);
    shorts(0x00280101, {stored_bits}).shorts(0x00280102, {static_cast<uint16_t>(stored_bits - 1)});
    std::string raw;
    for (const uint16_t value : values) raw += bytes(value);
    return put(0x7FE00010, "OW", raw);
  }
  const DicomFile& save(const std::filesystem::path& path) const {
    const std::string syntax("1.2.840.10008.1.2.1\0", 20);
    DicomFile meta;
    meta.text(0x00020002, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00020003, "UI", "2.25.7");
    meta.put(0x00020010, "UI", syntax);
    const std::string rest = meta.body();
    DicomFile length;
    length.longs(0x00020000, {static_cast<uint32_t>(rest.size())});
    std::ofstream file(path, std::ios::binary);
    file << std::string(128, '\0') << "DICM" << length.body() << rest << body();
    return *this;
  }

 private:
  template <class T>
  static std::string bytes(T value) {
    std::string raw(sizeof value, '\0');
    std::memcpy(raw.data(), &value, sizeof value);
    return raw;
  }
  template <class T>
  DicomFile& numbers(uint32_t tag, const char* vr, const std::vector<T>& values) {
    std::string raw;
    for (const T value : values) raw += bytes(value);
    return put(tag, vr, raw);
  }
  DicomFile& put(uint32_t tag, const std::string& vr, const std::string& value) {
    std::string element = bytes(static_cast<uint16_t>(tag >> 16)) + bytes(static_cast<uint16_t>(tag)) + vr;
    if (vr == "OB" || vr == "OW" || vr == "SQ" || vr == "UN")
      element += std::string(2, '\0') + bytes(static_cast<uint32_t>(value.size()));
    else
      element += bytes(static_cast<uint16_t>(value.size()));
    elements_[tag] = element + value;
    return *this;
  }
  void layout(uint16_t rows, uint16_t columns, uint16_t frames, uint16_t samples, uint16_t bits) {
    shorts(0x00280002, {samples});
    if (elements_.count(0x00280004) == 0) text(0x00280004, "CS", samples == 3 ? "RGB" : "MONOCHROME2");
    if (samples == 3) shorts(0x00280006, {0});
    if (frames != 1) text(0x00280008, "IS", std::to_string(frames));
    shorts(0x00280010, {rows}).shorts(0x00280011, {columns}).shorts(0x00280100, {bits});
    shorts(0x00280101, {bits}).shorts(0x00280102, {static_cast<uint16_t>(bits - 1)}).shorts(0x00280103, {0});
  }
  std::string body() const {
    std::string all;
    for (const auto& [tag, element] : elements_) all += element;
    return all;
  }

  std::map<uint32_t, std::string> elements_;
};

}  // namespace photo51::test

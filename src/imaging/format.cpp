#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

#include "core/byte_source.hpp"
#include "imaging/readers.hpp"
#include "imaging/recent_files.hpp"

namespace photo51::imaging {
namespace {

bool begins(std::string_view bytes, std::string_view magic) {
  return bytes.substr(0, magic.size()) == magic;
}

/// DICOM without its preamble begins with an element of group 0002 or 0008, little endian, and a plausible
/// value representation or length.
bool is_bare_dicom(std::string_view bytes) {
  if (bytes.size() < 16) return false;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if ((byte(0) != 2 && byte(0) != 8) || byte(1) != 0 || byte(3) != 0) return false;
  const bool explicit_type = std::isupper(byte(4)) != 0 && std::isupper(byte(5)) != 0;
  const bool short_length = byte(5) == 0 && byte(6) == 0 && byte(7) == 0 && byte(4) <= 128;
  return explicit_type || short_length;
}

Format format_of(std::string_view bytes) {
  if (bytes.size() >= 132 && bytes.substr(128, 4) == "DICM") return Format::dicom;
  if (bytes.size() >= 4) {
    int32_t first = 0;
    std::memcpy(&first, bytes.data(), 4);
    const int32_t other = static_cast<int32_t>(__builtin_bswap32(static_cast<uint32_t>(first)));
    if (first == 348 || first == 540 || other == 348 || other == 540) return Format::nifti;
  }
  if (begins(bytes, "NRRD000")) return Format::nrrd;
  if (begins(bytes, "\x89PNG\r\n\x1a\n")) return Format::png;
  if (begins(bytes, "\xFF\xD8\xFF")) return Format::jpeg;
  for (const std::string_view magic : {std::string_view("II*\0", 4), std::string_view("MM\0*", 4),
                                       std::string_view("II+\0", 4), std::string_view("MM\0+", 4)})
    if (begins(bytes, magic)) return Format::tiff;
  if (is_meta_image(bytes)) return Format::meta;
  if (is_bare_dicom(bytes)) return Format::dicom;
  return Format::unknown;
}

}  // namespace

bool is_meta_image(std::string_view bytes) {
  const auto key = bytes.find("NDims");
  return key != std::string_view::npos && bytes.find('=', key) != std::string_view::npos &&
         std::isalpha(static_cast<unsigned char>(bytes[0])) != 0;
}

Format detect_format(const std::filesystem::path& path) {
  char buffer[1024];
  if (const FileBytes held = recent_files().held(path); held && !begins(*held, "\x1F\x8B"))
    return format_of(std::string_view(*held).substr(0, sizeof buffer));
  core::ByteSource source(path);
  const std::string_view bytes(buffer, source.read(buffer, sizeof buffer));
  const Format format = format_of(bytes);
  // Whoever asked reads it next.
  if (format == Format::dicom && !source.packed()) recent_files().read(path, source.descriptor());
  return format;
}

}  // namespace photo51::imaging

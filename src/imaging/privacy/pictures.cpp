#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

#include "imaging/privacy/formats.hpp"
#include "imaging/privacy/text.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kMostText = uint32_t{1} << 26;

std::ifstream open(const fs::path& path) {
  core::require_regular_file(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) core::fail_data("it cannot be opened");
  return file;
}

bool read(std::ifstream& file, char* to, size_t count) {
  file.read(to, static_cast<std::streamsize>(count));
  return static_cast<size_t>(file.gcount()) == count;
}

uint32_t big_number(const char* bytes, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

void look_at_exif(std::string_view block, Findings& found) {
  found.merge(identity_of_tags([&](uint64_t offset, void* to, size_t count) -> size_t {
    if (offset >= block.size()) return 0;
    const size_t got = std::min<uint64_t>(count, block.size() - offset);
    std::memcpy(to, block.data() + offset, got);
    return got;
  }));
}

// PNG ------------------------------------------------------------------------------------------------------

bool is_pixel_chunk(const std::string& name) {
  static const std::set<std::string> known{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP",
                                           "sBIT", "sRGB", "cICP", "mDCv", "cLLi", "bKGD", "hIST", "pHYs",
                                           "sCAL", "oFFs", "acTL", "fcTL", "fdAT", "vpAg", "orNT", "caNv"};
  return known.contains(name);
}

/// The text of tEXt, or of a packed chunk as far as it is plain; empty where only its keyword counts.
void look_at_text(const std::string& chunk, const std::string& value, Findings& found) {
  const size_t end = std::min(value.find('\0'), value.size());
  const std::string keyword = value.substr(0, end);
  std::string text = end < value.size() ? value.substr(end + 1) : std::string();
  if (chunk == "zTXt") {
    // A method and a zlib stream; of a comment that is too large only the keyword is known.
    std::string plain(std::min<size_t>(size_t{1} << 20, 64 * text.size() + 64), '\0');
    uLongf length = plain.size();
    const bool unpacked = text.size() > 1 && uncompress(reinterpret_cast<Bytef*>(plain.data()), &length,
                                                        reinterpret_cast<const Bytef*>(text.data() + 1),
                                                        text.size() - 1) == Z_OK;
    text = unpacked ? plain.substr(0, length) : keyword;
  }
  if (chunk == "iTXt") text = text.substr(std::min<size_t>(2, text.size()));
  const bool dated = keyword.starts_with("date:") || keyword == "Creation Time";
  if (dated ? !is_dummy_date(text) : !is_technical_text(std::string(core::trim(text))))
    found.insert({"PNG text " + shown_name(keyword), keyword == "Author"});
}

// JPEG -----------------------------------------------------------------------------------------------------

constexpr int kMarker = 0xFF, kStart = 0xD8, kEnd = 0xD9, kScan = 0xDA, kComment = 0xFE, kApp0 = 0xE0,
              kApp15 = 0xEF;

void look_at_segment(int marker, const std::string& body, Findings& found) {
  const auto begins = [&](std::string_view magic) { return body.compare(0, magic.size(), magic) == 0; };
  if (marker == kComment) {
    if (!is_technical_text(std::string(core::trim(body.substr(0, body.find('\0'))))))
      found.insert({"JPEG comment", false});
    return;
  }
  if (marker < kApp0 || marker > kApp15) return;
  const int number = marker - kApp0;
  if (number == 1 && begins(std::string_view("Exif\0", 5))) {
    constexpr size_t kHead = 6;
    return look_at_exif(std::string_view(body).substr(std::min(kHead, body.size())), found);
  }
  if (number == 1 && begins("http://ns.adobe.com/")) {
    found.insert({"XMP", false});
    return;
  }
  if (number == 13 && begins("Photoshop")) {
    // The resource of IPTC; others are settings of the program.
    if (body.find(std::string_view("8BIM\x04\x04", 6)) != std::string::npos) found.insert({"IPTC", false});
    return;
  }
  const bool technical = (number == 0 && (begins("JFIF") || begins("JFXX"))) ||
                         (number == 2 && (begins("ICC_PROFILE") || begins("MPF"))) ||
                         (number == 12 && begins("Ducky")) || (number == 14 && begins("Adobe"));
  if (!technical && holds_words(body))
    found.insert({"JPEG APP" + std::to_string(number) + " segment", false});
}

/// Passes the coded pixels to the next marker that is none of theirs; -1 at the end of the file.
int next_marker_of_scan(std::ifstream& file) {
  std::streambuf& bytes = *file.rdbuf();
  constexpr int kStuffed = 0x00, kRestart = 0xD0, kLastRestart = 0xD7;
  int c = bytes.sbumpc();
  while (c != std::char_traits<char>::eof()) {
    if (c != kMarker) {
      c = bytes.sbumpc();
      continue;
    }
    c = bytes.sbumpc();
    if (c == kMarker || c == kStuffed || (c >= kRestart && c <= kLastRestart)) {
      if (c != kMarker) c = bytes.sbumpc();
      continue;
    }
    return c;
  }
  return -1;
}

}  // namespace

Findings identity_of_png(const fs::path& path) {
  Findings found;
  std::ifstream file = open(path);
  const auto size = fs::file_size(path);
  file.seekg(8);
  while (true) {
    char head[8];
    if (!read(file, head, sizeof head)) core::fail_data("it ends before its last chunk");
    const uint32_t length = big_number(head, 4);
    const std::string name(head + 4, 4);
    constexpr uintmax_t kChecksum = 4;
    const auto at = static_cast<uintmax_t>(file.tellg());
    if (length > size || at + length + kChecksum > size) core::fail_data("it ends within a chunk");
    const bool text = name == "tEXt" || name == "zTXt" || name == "iTXt";
    if (text || name == "eXIf") {
      if (length > kMostText) core::fail_data("its chunk " + name + " is longer than 64 MB");
      std::string value(length, '\0');
      if (!read(file, value.data(), value.size())) core::fail_data("it ends within a chunk");
      if (text)
        look_at_text(name, value, found);
      else
        look_at_exif(value, found);
    } else if (name == "tIME") {
      found.insert({"PNG tIME", false});
    } else if (!is_pixel_chunk(name)) {
      found.insert({"PNG chunk " + shown_name(name), false});
    }
    file.seekg(static_cast<std::streamoff>(at + length + kChecksum));
    if (name != "IEND") continue;
    if (at + length + kChecksum < size) found.insert({"bytes after the image", false});
    return found;
  }
}

Findings identity_of_jpeg(const fs::path& path, bool thorough) {
  Findings found;
  std::ifstream file = open(path);
  file.seekg(2);
  bool in_scan = false;
  while (true) {
    int marker = 0;
    if (in_scan) {
      marker = next_marker_of_scan(file);
    } else {
      char head[2];
      if (!read(file, head, 1)) marker = -1;
      if (marker == 0 && static_cast<unsigned char>(head[0]) != kMarker)
        core::fail_data("its segments do not follow one another");
      while (marker == 0 && read(file, head, 1))
        if (static_cast<unsigned char>(head[0]) != kMarker) marker = static_cast<unsigned char>(head[0]);
    }
    if (marker <= 0) {
      // Whether pixels are missing is for whoever reads them.
      if (in_scan) return found;
      core::fail_data("it ends before its pixels");
    }
    in_scan = false;
    if (marker == kStart) continue;
    if (marker == kEnd) {
      // A second picture (MPF) is one of the same camera, and no part of the image.
      if (file.peek() != std::char_traits<char>::eof()) found.insert({"bytes after the image", false});
      return found;
    }
    char head[2];
    if (!read(file, head, sizeof head) || big_number(head, 2) < 2)
      core::fail_data("it ends within a segment");
    std::string body(big_number(head, 2) - 2, '\0');
    if (!read(file, body.data(), body.size())) core::fail_data("it ends within a segment");
    look_at_segment(marker, body, found);
    if (marker != kScan) continue;
    if (!thorough) return found;
    in_scan = true;
  }
}

}  // namespace photo51::imaging

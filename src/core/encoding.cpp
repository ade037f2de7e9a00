#include "photo51/core/encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/utf8.hpp"
#include "photo51/core/error.hpp"

namespace photo51::core {
namespace {

/// Windows-1252 from 0x80 to 0x9F; 0 = not in the code.
constexpr std::array<uint16_t, 32> windows_1252{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

uint8_t byte_at(std::string_view text, size_t i) {
  return static_cast<uint8_t>(text[i]);
}

void append(std::string& out, uint32_t code) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// Where the first byte stands that is not UTF-8; the text's size when all is.
size_t first_bad(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Character character = first_of(text.substr(at));
    if (!character.valid) return at;
    at += character.bytes;
  }
  return text.size();
}

std::string from_utf16(std::string_view bytes, bool big_endian, const std::string& source) {
  std::string text;
  int line = 1;
  const auto damaged = [&] {
    fail_data(source + ":" + std::to_string(line) + ": the UTF-16 text is damaged; save it as UTF-8");
  };
  const auto unit = [&](size_t i) -> uint32_t {
    const uint32_t a = byte_at(bytes, i), b = byte_at(bytes, i + 1);
    return big_endian ? a << 8 | b : b << 8 | a;
  };
  if (bytes.size() % 2 != 0) fail_data(source + ": the UTF-16 text is cut off; save it as UTF-8");
  for (size_t i = 0; i < bytes.size(); i += 2) {
    uint32_t code = unit(i);
    if (code >= 0xDC00 && code <= 0xDFFF) damaged();
    if (code >= 0xD800 && code <= 0xDBFF) {
      const uint32_t low = i + 2 < bytes.size() ? unit(i + 2) : 0;
      if (low < 0xDC00 || low > 0xDFFF) damaged();
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      i += 2;
    }
    if (code == 0) damaged();
    line += code == '\n';
    append(text, code);
  }
  return text;
}

std::string from_windows_1252(std::string_view line, const std::string& where) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    const uint8_t byte = byte_at(line, i);
    const uint32_t code = byte >= 0x80 && byte <= 0x9F ? windows_1252[byte - 0x80U] : byte;
    if (code == 0 && byte != 0)
      fail_data(where + ": the text is neither UTF-8 nor Windows-1252; save it as UTF-8");
    append(text, code);
  }
  return text;
}

void refuse_binary(std::string_view bytes, const std::string& source) {
  if (bytes.starts_with("PK\x03\x04"))
    fail_data(source + ": is a spreadsheet or another zip file, not text; save the sheet as CSV (UTF-8)");
  if (bytes.starts_with("\xD0\xCF\x11\xE0"))
    fail_data(source + ": is an Excel or another Office file, not text; save the sheet as CSV (UTF-8)");
  if (const size_t at = bytes.find('\0'); at != std::string_view::npos)
    fail_data(
        source + ":" +
        std::to_string(1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
        ": holds a zero byte, so it is not text in UTF-8 (UTF-16 without its mark, or no text at all); save "
        "it as UTF-8");
}

}  // namespace

std::optional<int> line_of_bad_utf8(std::string_view text) {
  const size_t at = first_bad(text);
  if (at == text.size()) return std::nullopt;
  const auto before = text.substr(0, at);
  return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

std::string to_utf8(std::string bytes, const std::string& source, std::vector<std::string>& warnings) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  const std::string_view view = bytes;
  if (view.starts_with("\xFF\xFE")) return from_utf16(view.substr(2), false, source);
  if (view.starts_with("\xFE\xFF")) return from_utf16(view.substr(2), true, source);
  refuse_binary(view, source);
  if (first_bad(view) == view.size()) return bytes;
  std::string text;
  int number = 0, first = 0, count = 0;
  for (size_t begin = 0; begin < view.size();) {
    ++number;
    const size_t end = view.find('\n', begin);
    const auto line = view.substr(begin, end == std::string_view::npos ? end : end - begin + 1);
    begin += line.size();
    if (first_bad(line) == line.size()) {
      text += line;
      continue;
    }
    if (first == 0) first = number;
    ++count;
    text += from_windows_1252(line, source + ":" + std::to_string(number));
  }
  warnings.push_back(
      source + ":" + std::to_string(first) + ": is not UTF-8 (" + std::to_string(count) +
      " such line(s)) and is read as Windows-1252; save the file as UTF-8 when names look wrong");
  return text;
}

}  // namespace photo51::core

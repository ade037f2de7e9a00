#include "photo51/core/shown.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/utf8.hpp"

namespace photo51::core {
namespace {

struct Range {
  uint32_t first, last;
};

/// Marks of direction, separators of lines, tags and what is not seen at all. Joiners (U+200C, U+200D) stay:
/// scripts and pictographs need them.
constexpr std::array<Range, 9> hidden{{{0xAD, 0xAD},
                                       {0x61C, 0x61C},
                                       {0x180E, 0x180E},
                                       {0x200B, 0x200B},
                                       {0x200E, 0x200F},
                                       {0x2028, 0x202E},
                                       {0x2060, 0x206F},
                                       {0xFEFF, 0xFEFF},
                                       {0xE0000, 0xE007F}}};

bool is_shown(const Character& character) {
  if (!character.valid || is_control(character)) return false;
  return std::none_of(hidden.begin(), hidden.end(), [&](const Range& range) {
    return character.code >= range.first && character.code <= range.last;
  });
}

std::string number_of(const char* format, uint32_t number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, number);
  return text.data();
}

std::string escaped(const Character& character, std::string_view text) {
  if (!character.valid) return number_of("\\x%02x", static_cast<unsigned char>(text[0]));
  switch (character.code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return number_of(character.code < 0x100 ? "\\x%02x" : "\\u%04x", character.code);
  }
}

}  // namespace

std::string shown(std::string_view text, size_t most) {
  std::string line;
  while (!text.empty()) {
    if (line.size() > most) return line + "… (" + std::to_string(text.size()) + " bytes more)";
    const Character character = first_of(text);
    if (is_shown(character))
      line += text.substr(0, character.bytes);
    else
      line += escaped(character, text);
    text.remove_prefix(character.bytes);
  }
  return line;
}

std::string valid_utf8(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Character character = first_of(text);
    result += character.valid ? std::string(text.substr(0, character.bytes)) : escaped(character, text);
    text.remove_prefix(character.bytes);
  }
  return result;
}

bool is_plain(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_of(text);
    if (!is_shown(character)) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::string shown_json(std::string json) {
  if (is_plain(json)) return json;
  std::string result;
  for (std::string_view rest = json; !rest.empty();) {
    const Character character = first_of(rest);
    const auto piece = rest.substr(0, character.bytes);
    rest.remove_prefix(character.bytes);
    // Control characters below a blank stand between values only, as the layout.
    if (is_shown(character) || !character.valid || character.code < 0x20) {
      result += piece;
    } else if (character.code < 0x10000) {
      result += number_of("\\u%04x", character.code);
    } else {
      result += number_of("\\u%04x", 0xD800 + ((character.code - 0x10000) >> 10U));
      result += number_of("\\u%04x", 0xDC00 + ((character.code - 0x10000) & 0x3FFU));
    }
  }
  return result;
}

}  // namespace photo51::core

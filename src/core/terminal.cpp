#include "core/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/utf8.hpp"
#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

std::atomic<bool> drawn{false};

struct CodeRange {
  uint32_t first, last;
};

template <size_t N>
bool within(uint32_t code, const std::array<CodeRange, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const CodeRange& r) { return code >= r.first && code <= r.last; });
}

/// Marks that stand over the character before, and what is not seen at all.
constexpr std::array<CodeRange, 9> no_columns{{{0x300, 0x36F},
                                               {0x483, 0x489},
                                               {0x591, 0x5BD},
                                               {0x610, 0x61A},
                                               {0x64B, 0x65F},
                                               {0x1AB0, 0x1AFF},
                                               {0x200B, 0x200F},
                                               {0x20D0, 0x20FF},
                                               {0xFE00, 0xFE0F}}};
/// East Asian wide characters and pictographs (Unicode Annex 11, in blocks).
constexpr std::array<CodeRange, 9> two_columns{{{0x1100, 0x115F},
                                                {0x2E80, 0xA4CF},
                                                {0xAC00, 0xD7A3},
                                                {0xF900, 0xFAFF},
                                                {0xFE30, 0xFE6F},
                                                {0xFF00, 0xFF60},
                                                {0xFFE0, 0xFFE6},
                                                {0x1F300, 0x1FAFF},
                                                {0x20000, 0x3FFFD}}};

int columns_of(const Character& character) {
  if (!character.valid) return 1;
  if (within(character.code, no_columns)) return 0;
  return within(character.code, two_columns) ? 2 : 1;
}

}  // namespace

int terminal_columns() {
  struct winsize size {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* said = std::getenv("COLUMNS");
  const auto columns = said != nullptr ? parse_int(said) : std::nullopt;
  return columns && *columns > 0 && *columns < 10000 ? static_cast<int>(*columns) : 80;
}

int display_width(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const Character character = first_of(text);
    columns += columns_of(character);
    text.remove_prefix(character.bytes);
  }
  return columns;
}

std::string fit_line(std::string_view text, int columns) {
  std::string line;
  for (int used = 0; !text.empty();) {
    const Character character = first_of(text);
    used += columns_of(character);
    if (used > columns) break;
    if (!character.valid)
      line += "\xEF\xBF\xBD";
    else if (is_control(character))
      line += ' ';
    else
      line += text.substr(0, character.bytes);
    text.remove_prefix(character.bytes);
  }
  return line;
}

void draw_bar(const std::string& text) {
  // Not the last column: some terminals go on to the next line there.
  std::fprintf(stderr, "\r%s\033[K", fit_line(text, std::max(1, terminal_columns() - 1)).c_str());
  std::fflush(stderr);
  drawn = true;
}

void clear_bar() {
  if (!drawn.exchange(false)) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

void end_bar() {
  if (drawn.exchange(false)) std::fputc('\n', stderr);
}

bool bar_is_drawn() {
  return drawn;
}

}  // namespace photo51::core

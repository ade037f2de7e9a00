#include "photo51/core/cells.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

// Sorted, in lower case.
constexpr std::array<std::string_view, 25> blanks{"#n/a",
                                                  "'--",
                                                  "-",
                                                  "--",
                                                  ".",
                                                  "<na>",
                                                  "[completed]",
                                                  "[discrepancy]",
                                                  "[not applicable]",
                                                  "[not available]",
                                                  "[not evaluated]",
                                                  "[not reported]",
                                                  "[pending]",
                                                  "[unknown]",
                                                  "n/a",
                                                  "na",
                                                  "nan",
                                                  "none",
                                                  "not applicable",
                                                  "not available",
                                                  "not evaluated",
                                                  "not reported",
                                                  "null",
                                                  "unknown",
                                                  "–"};
static_assert(std::is_sorted(blanks.begin(), blanks.end()));
constexpr size_t longest_blank = 16;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

constexpr std::string_view no_break_space = "\xC2\xA0";

std::string_view trim_wide(std::string_view text) {
  for (text = trim(text); text.starts_with(no_break_space); text = trim(text))
    text.remove_prefix(no_break_space.size());
  for (; text.ends_with(no_break_space); text = trim(text)) text.remove_suffix(no_break_space.size());
  return text;
}

}  // namespace

bool is_blank(std::string_view cell) {
  cell = trim_wide(cell);
  if (cell.empty()) return true;
  if (cell.size() > longest_blank || is_digit(cell.front())) return false;
  return std::binary_search(blanks.begin(), blanks.end(), std::string_view(lower(cell)));
}

bool is_doubtful_blank(std::string_view cell) {
  const std::string word = lower(trim_wide(cell));
  return word == "none" || word == "unknown" || word == "." || word == "-";
}

bool has_decimal_comma(std::string_view cell) {
  const size_t comma = cell.find(',');
  if (comma == std::string_view::npos || cell.find('.') != std::string_view::npos) return false;
  std::string text(cell);
  text[comma] = '.';
  return parse_double(text).has_value();
}

bool is_date(std::string_view cell) {
  cell = trim(cell);
  size_t at = 0;
  const auto part = [&](bool month) {  // how many digits stand here; a month may have letters
    const size_t begin = at;
    while (at < cell.size() && is_digit(cell[at])) ++at;
    if (at == begin && month)
      while (at < cell.size() && is_letter(cell[at])) ++at;
    return at - begin;
  };
  const size_t first = part(false);
  if (first == 0 || first > 4 || at >= cell.size()) return false;
  const char mark = cell[at];
  if (mark != '-' && mark != '/' && mark != '.') return false;
  ++at;
  const size_t second = part(true);
  if (second == 0 || second > 9 || at >= cell.size() || cell[at] != mark) return false;
  ++at;
  const size_t third = part(false);
  if (third == 0 || third > 4) return false;
  return at == cell.size() || cell[at] == ' ' || cell[at] == 'T';
}

std::string spelling(std::string_view cell) {
  cell = trim_wide(cell);
  if (const auto number = parse_double(cell)) return format_number(*number);
  const std::string text = lower(cell);
  std::string word;
  for (size_t i = 0; i < text.size(); ++i) {
    if (std::isspace(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_') continue;
    if (std::string_view(text).substr(i).starts_with(no_break_space)) {
      ++i;
      continue;
    }
    const bool inside = i > 0 && i + 1 < text.size() && is_letter(text[i - 1]) && is_letter(text[i + 1]);
    if (text[i] == '-' && inside) continue;  // wild-type
    word += text[i];
  }
  return word;
}

}  // namespace photo51::core

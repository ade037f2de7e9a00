#include "genomics/lines.hpp"

#include "photo51/core/error.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"

namespace photo51::genomics {

std::string_view cell_of(std::string_view text) {
  auto cell = core::trim(text);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') cell = cell.substr(1, cell.size() - 2);
  return core::unguarded(cell);
}

void split_line(std::string_view line, char separator, std::vector<std::string_view>& cells) {
  cells.clear();
  for (;;) {
    const size_t end = line.find(separator);
    cells.push_back(cell_of(line.substr(0, end)));
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + 1);
  }
}

Lines lines_of(std::string_view text, size_t most) {
  Lines lines;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!core::trim(line).empty()) {
      if (lines.text.size() == most)
        core::fail_data("the table has more than " + std::to_string(most) +
                        " lines; leave out those that are not needed");
      lines.text.push_back(line);
      lines.number.push_back(number);
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace photo51::genomics

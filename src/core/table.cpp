#include "photo51/core/table.hpp"

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

class Scanner {
 public:
  Scanner(std::string_view text, char separator, const std::string& source)
      : text_(text), separator_(separator), source_(source) {}

  bool done() const { return at_ >= text_.size(); }
  int line() const { return line_; }

  std::vector<std::string> row() {
    std::vector<std::string> cells;
    for (;;) {
      cells.push_back(cell());
      if (done()) return cells;
      const char end = text_[at_++];
      if (end == separator_) continue;
      if (end == '\r' && !done() && text_[at_] == '\n') ++at_;
      ++line_;
      return cells;
    }
  }

 private:
  bool at_end_of_cell() const {
    return done() || text_[at_] == separator_ || text_[at_] == '\n' || text_[at_] == '\r';
  }

  std::string cell() {
    if (!done() && text_[at_] == '"') return quoted();
    const size_t begin = at_;
    while (!at_end_of_cell()) ++at_;
    return std::string(trim(text_.substr(begin, at_ - begin)));
  }

  std::string quoted() {
    const int opened = line_;
    std::string value;
    for (++at_;; ++at_) {
      if (done()) fail_data(source_ + ":" + std::to_string(opened) + ": a quote opens here and never closes");
      if (text_[at_] == '"') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          ++at_;
        } else {
          ++at_;
          break;
        }
      }
      if (text_[at_] == '\n') ++line_;
      value += text_[at_];
    }
    if (!at_end_of_cell())
      fail_data(source_ + ":" + std::to_string(line_) + ": text after a closing quote; quote the whole cell");
    return value;
  }

  std::string_view text_;
  char separator_;
  const std::string& source_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::optional<size_t> Table::find(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

size_t Table::require(std::string_view column) const {
  if (const auto found = find(column)) return *found;
  fail_data(source + ": there is no column `" + std::string(column) + "`" + suggest(column, columns));
}

Table parse_table(std::string_view text, std::string source) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (trim(text).empty()) fail_data(source + ": the table is empty; it needs a header and one row a record");
  const std::string_view header = text.substr(0, text.find('\n'));
  const char separator = header.find('\t') != std::string_view::npos ? '\t' : ',';
  Table table;
  table.source = std::move(source);
  Scanner scanner(text, separator, table.source);
  table.columns = scanner.row();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].empty())
      fail_data(table.source + ":1: column " + std::to_string(i + 1) + " has no name");
    if (std::find(table.columns.begin(), table.columns.begin() + static_cast<std::ptrdiff_t>(i),
                  table.columns[i]) != table.columns.begin() + static_cast<std::ptrdiff_t>(i))
      fail_data(table.source + ":1: column `" + table.columns[i] + "` stands twice in the header");
  }
  while (!scanner.done()) {
    const int line = scanner.line();
    auto cells = scanner.row();
    if (cells.size() == 1 && cells[0].empty() && table.columns.size() > 1) continue;  // an empty line
    if (cells.size() != table.columns.size())
      fail_data(table.source + ":" + std::to_string(line) + ": " + std::to_string(cells.size()) +
                " cells, but the header has " + std::to_string(table.columns.size()));
    table.rows.push_back(std::move(cells));
    table.lines.push_back(line);
  }
  return table;
}

Table read_table(const std::filesystem::path& path) {
  return parse_table(read_text(path), path.string());
}

std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) row += ',';
    if (cells[i].find_first_of(",\"\n\r") == std::string::npos) {
      row += cells[i];
      continue;
    }
    row += '"';
    for (const char c : cells[i]) {
      if (c == '"') row += '"';
      row += c;
    }
    row += '"';
  }
  return row + "\n";
}

}  // namespace photo51::core

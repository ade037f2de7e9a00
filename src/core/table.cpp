#include "photo51/core/table.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "photo51/core/cells.hpp"
#include "photo51/core/encoding.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

using Cells = std::vector<std::string>;

class Scanner {
 public:
  Scanner(std::string_view text, char separator, const std::string& source, size_t most_cells)
      : text_(text), separator_(separator), source_(source), most_cells_(most_cells) {}

  bool done() const { return at_ >= text_.size(); }
  int line() const { return line_; }

  /// To the beginning of a line.
  void skip_to(size_t end) {
    while (at_ < end) {
      const char c = text_[at_++];
      if (c == '\n' || (c == '\r' && (done() || text_[at_] != '\n'))) ++line_;
    }
  }

  std::vector<std::string> row() {
    std::vector<std::string> cells;
    for (;;) {
      if (++cells_ > most_cells_)
        fail_data(source_ + ":" + std::to_string(line_) + ": the table has more than " +
                  std::to_string(most_cells_) + " cells; " + most_of_a_table.remedy);
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
    return std::string(unguarded(trim(text_.substr(begin, at_ - begin))));
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
    return std::string(unguarded(value));
  }

  std::string_view text_;
  char separator_;
  const std::string& source_;
  size_t most_cells_;
  size_t at_ = 0, cells_ = 0;
  int line_ = 1;
};

bool is_empty_row(const std::vector<std::string>& cells) {
  return std::all_of(cells.begin(), cells.end(), [](const auto& cell) { return cell.empty(); });
}

void check_header(const Table& table, int line) {
  const std::string where = table.source + ":" + std::to_string(line);
  const auto& columns = table.columns;
  std::unordered_set<std::string_view> seen;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) fail_data(where + ": column " + std::to_string(i + 1) + " has no name");
    if (!seen.insert(columns[i]).second)
      fail_data(where + ": column `" + columns[i] + "` stands twice in the header");
  }
}

[[noreturn]] void fail_length(const Table& table, int line, const std::vector<std::string>& cells,
                              char separator) {
  std::string hint;
  for (const char other : {';', '\t'})
    if (cells.size() == 1 && separator == ',' && cells[0].find(other) != std::string::npos)
      hint = "; the header has commas between its columns and this row has not";
  if (cells.size() > table.columns.size() && separator == ',')
    hint = "; quote a cell that holds a comma, and write decimals with a point";
  fail_data(table.source + ":" + std::to_string(line) + ": " + std::to_string(cells.size()) +
            " cells, but the header has " + std::to_string(table.columns.size()) + hint);
}

/// `1.5`, which is no number where decimals have a comma.
bool has_decimal_point(std::string_view cell) {
  return cell.find('.') != std::string_view::npos && parse_double(cell).has_value();
}

/// Of a table with semicolons: `0,5` becomes `0.5`.
void read_decimal_commas(Table& table) {
  const auto first = [&](bool (*is)(std::string_view)) -> std::pair<std::string, std::string> {
    for (size_t row = 0; row < table.rows.size(); ++row)
      for (size_t column = 0; column < table.columns.size(); ++column)
        if (is(table.rows[row][column]))
          return {table.where(row) + ": column `" + table.columns[column] + "`", table.rows[row][column]};
    return {};
  };
  const auto [comma_at, comma] = first(has_decimal_comma);
  if (comma_at.empty()) return;
  if (const auto [point_at, point] = first(has_decimal_point); !point_at.empty())
    fail_data(comma_at + ": `" + comma + "` has a decimal comma, but " + point_at + ": `" + point +
              "` has a point; write all numbers in one way, without marks between thousands");
  for (auto& row : table.rows)
    for (auto& cell : row)
      if (has_decimal_comma(cell)) std::replace(cell.begin(), cell.end(), ',', '.');
  table.warnings.push_back(comma_at + ": `" + comma +
                           "` and others like it are read as numbers with a decimal comma");
}

}  // namespace

char separator_of(std::string_view header) {
  size_t commas = 0, semicolons = 0;
  bool quoted = false;
  for (const char c : header) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\t') return '\t';
    commas += c == ',';
    semicolons += c == ';';
  }
  return semicolons > commas ? ';' : ',';
}

std::optional<char> named_separator(std::string_view first_line) {
  if (first_line.starts_with('"') && first_line.ends_with('"') && first_line.size() > 1)
    first_line = first_line.substr(1, first_line.size() - 2);
  if (first_line.size() != 5 || !first_line.starts_with("sep=")) return std::nullopt;
  return first_line[4];
}

std::optional<size_t> Table::find(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

size_t Table::require(std::string_view column) const {
  if (const auto found = find(column)) return *found;
  fail_data(source + ": there is no column `" + std::string(column) + "`" + suggest(column, columns));
}

namespace {

/// The line that begins at `at`, which moves to the next.
std::string_view next_line(std::string_view text, size_t& at) {
  const size_t begin = at, end = std::min(text.find_first_of("\r\n", begin), text.size());
  at = std::min(end + (text.substr(end).starts_with("\r\n") ? 2 : 1), text.size());
  return text.substr(begin, end - begin);
}

/// Without the empty ones at the end; none when a quote of the line does not close in it.
Cells cells_of(std::string_view line, char separator) {
  const std::string source;  // of an error that nobody sees
  Cells cells;
  try {
    cells = Scanner(line, separator, source, most_cells_of_a_table).row();
  } catch (const Error&) {
    return {};
  }
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
  return cells;
}

bool begins_with_hash(std::string_view line) {
  return (line.starts_with('"') ? line.substr(1) : trim(line)).starts_with('#');
}

/// Of cBioPortal's line of data types, one a column.
bool are_types(const Cells& cells) {
  const auto is_type = [](std::string_view cell) {
    return cell == "STRING" || cell == "NUMBER" || cell == "BOOLEAN";
  };
  return !cells.empty() && cells[0].starts_with('#') && is_type(std::string_view(cells[0]).substr(1)) &&
         std::all_of(cells.begin() + 1, cells.end(), is_type);
}

/// Of `# exported by a program`: words in one cell, which no other separator parts.
bool is_remark(const Cells& cells, bool one_separator) {
  return cells.size() == 1 && (cells[0].starts_with("##") || cells[0].find(' ') != std::string::npos) &&
         (one_separator || cells[0].find_first_of(",;\t") == std::string::npos);
}

}  // namespace

size_t header_begin(std::string_view text) {
  size_t begin = 0;
  const auto named = named_separator(next_line(text, begin));
  if (!named) begin = 0;
  std::string_view header;
  size_t header_at = begin;
  bool any = false;
  for (size_t next = begin; trim(header).empty() || begins_with_hash(header);) {
    any = any || begins_with_hash(header);
    if (next >= text.size()) return begin;
    header_at = next;
    header = next_line(text, next);
  }
  if (!any) return begin;
  const char separator = named ? *named : separator_of(header);
  const size_t columns = cells_of(header, separator).size();
  std::optional<size_t> own;  // where a line is that is the header, if none tells the types
  if (columns < 2) own = begin;
  for (size_t next = begin; next < header_at;) {
    const size_t at = next;
    const auto line = next_line(text, next);
    if (trim(line).empty()) continue;
    const Cells cells = cells_of(line, separator);
    if (cells.size() == columns && are_types(cells)) return header_at;
    if (!own && !is_remark(cells, named || separator == '\t' || line.starts_with('"'))) own = at;
  }
  return own.value_or(header_at);
}

namespace {

Table parse_utf8(std::string_view text, Table table, size_t most_cells) {
  if (trim(text).empty())
    fail_data(table.source + ": the table is empty; it needs a header and one row a record");
  const auto named = named_separator(text.substr(0, text.find_first_of("\r\n")));
  const size_t begin = header_begin(text);
  size_t after_header = begin;
  const char separator = named ? *named : separator_of(next_line(text, after_header));
  Scanner scanner(text, separator, table.source, most_cells);
  scanner.skip_to(begin);
  const int header_line = scanner.line();
  if (scanner.done())
    fail_data(table.source + ": the table is empty; it needs a header and one row a record");
  table.columns = scanner.row();
  while (table.columns.size() > 1 && table.columns.back().empty()) table.columns.pop_back();
  if (table.columns.size() > 1 && table.columns[0].empty() && !table.find("index"))
    table.columns[0] = "index";
  check_header(table, header_line);
  while (!scanner.done()) {
    const int line = scanner.line();
    auto cells = scanner.row();
    if (table.columns.size() > 1 && is_empty_row(cells)) continue;
    while (cells.size() > table.columns.size() && cells.back().empty()) cells.pop_back();
    if (cells.size() != table.columns.size()) fail_length(table, line, cells, separator);
    table.rows.push_back(std::move(cells));
    table.lines.push_back(line);
  }
  if (separator == ';') read_decimal_commas(table);
  return table;
}

}  // namespace

Table parse_table(std::string_view text, std::string source, size_t most_cells) {
  Table table;
  table.source = std::move(source);
  const std::string utf8 = to_utf8(std::string(text), table.source, table.warnings);
  return parse_utf8(utf8, std::move(table), most_cells);
}

Table read_table(const std::filesystem::path& path) {
  Table table;
  table.source = path.string();
  const std::string utf8 = to_utf8(read_text(path), table.source, table.warnings);
  return parse_utf8(utf8, std::move(table), most_cells_of_a_table);
}

namespace {

/// Whether it begins, after apostrophes, as a formula does. The last four are the wide forms of East Asian
/// keyboards, which some spreadsheets read alike.
bool begins_a_formula(std::string_view cell) {
  constexpr std::array<std::string_view, 11> beginnings{
      "=", "+", "-", "@", "\t", "\r", "\n", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
  cell.remove_prefix(std::min(cell.find_first_not_of('\''), cell.size()));
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return cell.starts_with(beginning); });
}

}  // namespace

std::string guarded(std::string_view cell) {
  const bool is_number = trim(cell).size() == cell.size() && parse_double(cell).has_value();
  return (begins_a_formula(cell) && !is_number ? "'" : "") + std::string(cell);
}

std::string_view unguarded(std::string_view cell) {
  if (cell.starts_with('\'') && begins_a_formula(cell)) cell.remove_prefix(1);
  return cell;
}

std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) row += ',';
    const std::string cell = guarded(line_of_bad_utf8(cells[i]) ? valid_utf8(cells[i]) : cells[i]);
    if (cell.find_first_of(",;\t\"\n\r") == std::string::npos && trim(cell).size() == cell.size()) {
      row += cell;
      continue;
    }
    row += '"';
    for (const char c : cell) {
      if (c == '"') row += '"';
      row += c;
    }
    row += '"';
  }
  return row + "\n";
}

}  // namespace photo51::core

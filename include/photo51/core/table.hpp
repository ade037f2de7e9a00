#pragma once
/// Comma- or tab-separated text with a header (RFC 4180 quoting), read with line numbers for messages.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace photo51::core {

struct Table {
  std::string source;                          ///< for messages: the file's path
  std::vector<std::string> columns;            ///< header, trimmed, unique
  std::vector<std::vector<std::string>> rows;  ///< cells, as many as columns, trimmed
  std::vector<int> lines;                      ///< line of each row in the file, from 1

  std::optional<size_t> find(std::string_view column) const;
  /// Index of a column. Error (data) that lists the nearest name otherwise.
  size_t require(std::string_view column) const;
  /// "cohort.csv:12", for messages.
  std::string where(size_t row) const { return source + ":" + std::to_string(lines[row]); }
};

/// Reads a table; the separator is a tab when the header has one, else a comma. Errors (data): missing or
/// empty file, duplicate or empty column names, a row of another length, an open quote.
Table read_table(const std::filesystem::path& path);
Table parse_table(std::string_view text, std::string source);

/// One row as CSV text with a line end, quoted where needed.
std::string csv_row(const std::vector<std::string>& cells);

}  // namespace photo51::core

#pragma once
/// Comma-, semicolon- or tab-separated text with a header (RFC 4180 quoting), read with line numbers for
/// messages.

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
  std::vector<std::string> warnings;           ///< what a reader should be told: encoding, decimal commas

  std::optional<size_t> find(std::string_view column) const;
  /// Index of a column. Error (data) that lists the nearest name otherwise.
  size_t require(std::string_view column) const;
  /// "cohort.csv:12", for messages.
  std::string where(size_t row) const { return source + ":" + std::to_string(lines[row]); }
};

inline constexpr size_t most_cells_of_a_table = 100'000'000;  ///< a cell takes 32 bytes of memory or more

/// Reads a table as UTF-8 (core/encoding.hpp), gzipped or not. The separator is what a first line `sep=…`
/// names, else that of the header (`separator_of`), in front of which may be lines of `header_begin`. With
/// semicolons, cells such as `0,5` are numbers and become `0.5`. An apostrophe of `guarded` is taken away. A
/// first column without a name, as pandas writes its index, is called `index`; columns and rows at the end in
/// which nothing stands are dropped. Errors (data): missing or empty file, a file that is no text, duplicate
/// or empty column names, a row of another length, an open quote, decimal commas and decimal points in one
/// table, more text than `most_of_a_table` or more than `most_cells`.
Table read_table(const std::filesystem::path& path);
Table parse_table(std::string_view text, std::string source, size_t most_cells = most_cells_of_a_table);

/// A tab when the header has one, else the more frequent of comma and semicolon outside quotes.
char separator_of(std::string_view header);
/// Where the header of a table in UTF-8 begins: behind a first line `sep=…`, behind the lines with `#` by
/// which cBioPortal's clinical tables begin (names, descriptions, data types, …; known by the types, as many
/// as the header has columns), and behind remarks (`# exported by …`: one cell with blanks, or that begins
/// with `##`, where the header has several cells). Other lines with `#` are the header: `#Sample,age`.
size_t header_begin(std::string_view text);
/// What a first line `sep=;` (also in quotes), which Excel reads, names.
std::optional<char> named_separator(std::string_view first_line);

/// Text that a spreadsheet would take for a formula, with an apostrophe in front: what is no number and
/// begins, after apostrophes, with `=`, `+`, `-`, `@`, a tab or a line end (OWASP, CSV Injection). The
/// apostrophe is what spreadsheets know as the mark of text; `unguarded` takes it away, so that every text
/// reads back the same.
std::string guarded(std::string_view cell);
std::string_view unguarded(std::string_view cell);
/// One row as CSV text with a line end, guarded, and quoted where needed: also where a semicolon or a tab
/// would begin a new cell for some reader. Blanks at the ends of a cell stay. Bytes
/// that are not UTF-8, which names of files may hold, are written as `\xf6`.
std::string csv_row(const std::vector<std::string>& cells);

}  // namespace photo51::core

#include "genomics/gct.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::genomics {
namespace {

constexpr std::string_view separators = ",;\t";
constexpr size_t before_values = 3;  ///< lines: version, dimensions, header

/// `#1.2` with nothing but separators behind it; else empty.
std::string_view version_of(std::string_view line) {
  const size_t end = std::min(line.find_first_of(separators), line.size());
  const auto cell = cell_of(line.substr(0, end));
  if (line.find_first_not_of(" ,;\t", end) != std::string_view::npos || !cell.starts_with('#') ||
      cell.find('.') == std::string_view::npos || !core::parse_double(cell.substr(1)))
    return {};
  return cell;
}

class Opener {
 public:
  Opener(Lines& lines, char separator, const std::string& source)
      : lines_(lines), separator_(separator), source_(source) {}

  size_t open() {
    read_dimensions();
    check_header();
    const size_t rows = lines_.text.size() - before_values;
    if (rows < about_columns_ || rows - about_columns_ != rows_)
      core::fail_data(where(1) + ": says " + std::to_string(rows_) + " rows" +
                      (about_columns_ > 0 ? " and " + std::to_string(about_columns_) + " about the columns"
                                          : std::string()) +
                      ", but the table has " + std::to_string(rows) +
                      "; the file may be cut off, or mend its dimensions");
    take_away(before_values, about_columns_);
    take_away(0, before_values - 1);
    return about_rows_;
  }

 private:
  void read_dimensions() {
    const auto version = version_of(lines_.text[0]);
    if (version != "#1.2" && version != "#1.3")
      core::fail_data(where(0) + ": GCT of version `" + std::string(version) +
                      "` is not read; save it as #1.2 or #1.3");
    const bool older = version == "#1.2";
    const size_t wanted = older ? 2 : 4;
    if (lines_.text.size() < before_values)
      core::fail_data(source_ + ": the GCT ends before its header; it needs dimensions, a header and rows");
    cells_of(1);
    std::vector<size_t> numbers;
    for (const auto cell : cells_) {
      const auto number = core::parse_int(cell);
      if (number && *number >= 0) numbers.push_back(static_cast<size_t>(*number));
    }
    if (cells_.size() != wanted || numbers.size() != wanted)
      core::fail_data(where(1) + ": the dimensions are `" + std::string(core::trim(lines_.text[1])) +
                      "`, but should be " +
                      (older ? "the numbers of rows and of columns of values"
                             : "four numbers: rows and columns of values, columns about the rows, rows "
                               "about the columns"));
    rows_ = numbers[0];
    columns_ = numbers[1];
    about_rows_ = older ? 1 : numbers[2];
    about_columns_ = older ? 0 : numbers[3];
    needs_description_ = older;
  }

  void check_header() {
    cells_of(2);
    if (needs_description_ && (cells_.size() < 2 || core::spelling(cells_[1]) != "description"))
      core::fail_data(where(2) + ": the header of a GCT begins with Name and Description, not with `" +
                      std::string(cells_.empty() ? "" : cells_[0]) + "` and `" +
                      std::string(cells_.size() < 2 ? "" : cells_[1]) + "`");
    const size_t samples = cells_.size() - std::min(cells_.size(), about_rows_ + 1);
    if (about_rows_ >= cells_.size() || samples != columns_)
      core::fail_data(where(2) + ": the header has " + std::to_string(cells_.size()) + " cells, of which " +
                      std::to_string(samples) + " name columns of values, but line " +
                      std::to_string(lines_.number[1]) + " says " + std::to_string(columns_) +
                      " columns; mend the dimensions");
  }

  /// Without the empty ones at the end, which spreadsheets add.
  void cells_of(size_t line) {
    split_line(lines_.text[line], separator_, cells_);
    while (!cells_.empty() && cells_.back().empty()) cells_.pop_back();
  }

  void take_away(size_t begin, size_t count) {
    const auto erase = [&](auto& from) {
      const auto first = from.begin() + static_cast<std::ptrdiff_t>(begin);
      from.erase(first, first + static_cast<std::ptrdiff_t>(count));
    };
    erase(lines_.text);
    erase(lines_.number);
  }

  std::string where(size_t line) const { return source_ + ":" + std::to_string(lines_.number[line]); }

  Lines& lines_;
  char separator_;
  const std::string& source_;
  std::vector<std::string_view> cells_;
  size_t rows_ = 0, columns_ = 0, about_rows_ = 0, about_columns_ = 0;
  bool needs_description_ = false;
};

}  // namespace

bool is_gct(const Lines& lines) {
  return !lines.text.empty() && !version_of(lines.text[0]).empty();
}

size_t open_gct(Lines& lines, char separator, const std::string& source) {
  return Opener(lines, separator, source).open();
}

}  // namespace photo51::genomics

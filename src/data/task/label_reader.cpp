#include "photo51/data/task/label_reader.hpp"

#include "data/task/label_words.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

std::optional<size_t> LabelReader::find(const std::string& column) const {
  if (!source_.require) return source_.table.find(column);
  return core::with_context("head " + spec_.head, [&] { return source_.table.require(column); });
}

std::vector<Case::Label> LabelReader::unknown() const {
  return std::vector<Case::Label>(source_.table.rows.size());
}

std::vector<Case::Label> LabelReader::read(size_t column, const std::vector<std::string>& named,
                                           const std::function<Case::Label(size_t row)>& label) const {
  warn_of_blanks(column, named);
  auto labels = unknown();
  size_t unreadable = 0;
  std::string first_problem;
  for (size_t row = 0; row < labels.size(); ++row) try {
      labels[row] = label(row);
    } catch (const core::Error& error) {
      if (source_.require) throw;
      if (++unreadable == 1) first_problem = error.what();
    }
  if (unreadable > 0)
    source_.warn("head " + spec_.head + ": " + std::to_string(unreadable) +
                 " labels cannot be read and count as unknown; the first: " + first_problem);
  return labels;
}

void LabelReader::warn_of_blanks(size_t column, const std::vector<std::string>& named) const {
  WordCounts blanks;
  for (const auto& row : source_.table.rows)
    if (core::is_doubtful_blank(row[column]) && is_unknown(row[column], named)) ++blanks[row[column]];
  if (!blanks.empty())
    source_.warn("column `" + source_.table.columns[column] + "` (head " + spec_.head + "): " + told(blanks) +
                 " count as blank; name them in the head when they are a value");
}

void LabelReader::fail(size_t row, size_t column, const std::string& expected,
                       const std::string& more) const {
  const std::string& cell = source_.cell(row, column);
  const std::string remedy = core::has_decimal_comma(cell) ? "write its decimals with a point"
                             : core::is_date(cell)         ? "write a number in place of a date"
                                                           : "leave it blank when it is unknown";
  core::fail_data(source_.where(row, column) + ": `" + cell + "` is not " + expected + " (head " +
                  spec_.head + "); " + remedy + more);
}

double LabelReader::number(size_t row, size_t column, const std::string& expected) const {
  const auto value = core::parse_double(source_.cell(row, column));
  if (value && !core::fits_float(*value)) fail(row, column, expected + " (finite, at most 3.4e38)");
  if (!value) fail(row, column, expected);
  return *value;
}

}  // namespace photo51::data

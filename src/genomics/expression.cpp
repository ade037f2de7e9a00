#include "photo51/genomics/expression.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <unordered_set>

#include "genomics/gct.hpp"
#include "genomics/lines.hpp"
#include "genomics/mutations.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/encoding.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"

namespace photo51::genomics {
namespace {

constexpr size_t not_kept = std::numeric_limits<size_t>::max();

/// Nothing when the cell is not a finite number.
std::optional<float> number(std::string_view cell) {
  if (core::is_blank(cell)) return std::numeric_limits<float>::quiet_NaN();
  if (cell.front() == '+') cell.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !core::fits_float(value))
    return std::nullopt;
  return static_cast<float>(value);
}

bool is_only(std::string_view line, char separator) {
  return std::all_of(line.begin(), line.end(), [&](char c) { return c == separator || c == ' '; });
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& source, const std::vector<std::string>& patients)
      : lines_(core::with_context(source, [&] { return lines_of(text); })),
        text_size_(text.size()),
        source_(source),
        wanted_(patients.begin(), patients.end()) {
    const auto named = lines_.text.empty() ? std::nullopt : core::named_separator(lines_.text[0]);
    if (!lines_.text.empty()) {
      text.remove_prefix(static_cast<size_t>(lines_.text[0].data() - text.data()));
      drop_lines_before(text.data() + core::header_begin(text));
    }
    is_gct_ = is_gct(lines_);
    const size_t header = is_gct_ ? std::min<size_t>(2, lines_.text.size() - 1) : 0;
    if (!lines_.text.empty()) separator_ = named ? *named : core::separator_of(lines_.text[header]);
    while (!lines_.text.empty() && is_only(lines_.text.back(), separator_)) {  // a spreadsheet's empty rows
      lines_.text.pop_back();
      lines_.number.pop_back();
    }
    if (is_gct_) before_values_ += open_gct(lines_, separator_, source);
    if (lines_.text.size() < 2)
      core::fail_data(source + ": the table needs a header and at least one row of numbers");
    split_line(lines_.text[0], separator_, header_);
    split_line(lines_.text[1], separator_, cells_);
    while (is_gct_ && header_.back().empty()) header_.pop_back();  // a spreadsheet's; open_gct has counted
    if (is_gct_ || cells_.size() == header_.size())
      header_.erase(header_.begin(), header_.begin() + static_cast<std::ptrdiff_t>(before_values_));
    for (size_t i = 1; i < lines_.text.size(); ++i)
      names_.push_back(cell_of(lines_.text[i].substr(0, lines_.text[i].find(separator_))));
  }

  Expression read() {
    const bool columns_are_patients = patients_are_columns();
    const auto& patient_names = columns_are_patients ? header_ : names_;
    const auto& gene_names = columns_are_patients ? names_ : header_;
    Expression result;
    result.source = source_;
    std::vector<size_t> row_of(patient_names.size(), not_kept);
    for (size_t i = 0; i < patient_names.size(); ++i) {
      std::string name = sample_of_one_ ? *wanted_.begin() : std::string(patient_names[i]);
      if (!wanted_.contains(name)) continue;
      if (!result.row_of.emplace(name, result.patients.size()).second)
        core::fail_data(source_ + ": the patient `" + name + "` stands twice; keep one sample a patient");
      row_of[i] = result.patients.size();
      result.patients.push_back(std::move(name));
    }
    result.genes = unique_genes(gene_names);
    // A value takes a character or more: with fewer characters than values, a row is too short.
    if (names_.size() * header_.size() > text_size_)
      for (size_t i = 0; i < names_.size(); ++i) read_cells(i);
    result.values.resize(result.patients.size() * gene_names.size());
    for (size_t i = 0; i < names_.size(); ++i) {
      if (!columns_are_patients && row_of[i] == not_kept) continue;
      read_cells(i);
      for (size_t j = 0; j < header_.size(); ++j) {
        const size_t patient = columns_are_patients ? row_of[j] : row_of[i];
        if (patient == not_kept) continue;
        result.values[patient * gene_names.size() + (columns_are_patients ? i : j)] = value(i, j);
      }
    }
    return result;
  }

 private:
  void drop_lines_before(const char* begin) {
    const auto kept = std::find_if(lines_.text.begin(), lines_.text.end(),
                                   [&](std::string_view line) { return line.data() + line.size() > begin; });
    lines_.number.erase(lines_.number.begin(), lines_.number.begin() + (kept - lines_.text.begin()));
    lines_.text.erase(lines_.text.begin(), kept);
  }

  size_t count_wanted(const std::vector<std::string_view>& names) const {
    return static_cast<size_t>(std::count_if(names.begin(), names.end(), [this](std::string_view name) {
      return wanted_.contains(std::string(name));
    }));
  }

  bool patients_are_columns() {
    const size_t columns = count_wanted(header_), rows = is_gct_ ? 0 : count_wanted(names_);
    if (columns != rows) return columns > rows;
    if (rows > 0)
      core::fail_data(source_ +
                      ": as many patients of the cohort stand in the header as in the first column (" +
                      std::to_string(rows) + "), so the genes cannot be told from the patients");
    const bool one_column = header_.size() == 1;
    if (wanted_.size() == 1 && (is_gct_ ? one_column : one_column != (names_.size() == 1))) {
      sample_of_one_ = true;
      return one_column;
    }
    core::fail_data(source_ + ": no patient of the cohort" +
                    (wanted_.empty() ? std::string() : " (such as `" + *wanted_.begin() + "`)") +
                    " stands in the header (such as `" + std::string(header_.empty() ? "" : header_[0]) +
                    "`) or in the first column (such as `" + std::string(names_[0]) +
                    "`); use the manifest's patient ids");
  }

  std::shared_ptr<const std::vector<std::string>> unique_genes(
      const std::vector<std::string_view>& names) const {
    std::unordered_set<std::string_view> seen;
    for (const auto name : names) {
      if (name.empty()) core::fail_data(source_ + ": a gene has no name");
      if (!seen.insert(name).second)
        core::fail_data(source_ + ": the gene `" + std::string(name) + "` stands twice; keep or average one");
    }
    return std::make_shared<const std::vector<std::string>>(names.begin(), names.end());
  }

  void read_cells(size_t row) {
    split_line(lines_.text[row + 1], separator_, cells_);
    while (is_gct_ && cells_.size() > header_.size() + before_values_ && cells_.back().empty())
      cells_.pop_back();
    if (cells_.size() != header_.size() + before_values_)
      core::fail_data(where(row) + ": " +
                      std::to_string(cells_.size() - std::min(cells_.size(), before_values_)) +
                      " values, but the header names " + std::to_string(header_.size()));
  }

  float value(size_t row, size_t column) {
    const auto cell = cells_[column + before_values_];
    const bool comma = separator_ == ';' && core::has_decimal_comma(cell);
    std::optional<float> parsed;
    if (comma) {
      std::string text(cell);
      std::replace(text.begin(), text.end(), ',', '.');
      parsed = number(text);
    } else {
      parsed = number(cell);
    }
    const auto place = [&] {
      return where(row) + ": column `" + std::string(header_[column]) + "`: `" + std::string(cell) + "`";
    };
    if (!parsed)
      core::fail_data(place() + " is not a finite number; " +
                      (core::has_decimal_comma(cell)
                           ? "write its decimals with a point, or separate the columns "
                             "by semicolons"
                           : "leave it blank when it is unknown"));
    if (separator_ == ';' && (comma || cell.find('.') != std::string_view::npos) && !std::isnan(*parsed)) {
      (comma ? with_comma_ : with_point_) = true;
      if (with_comma_ && with_point_)
        core::fail_data(place() +
                        (comma ? " has a decimal comma, but others have a point"
                               : " has a decimal point, but others have a comma") +
                        "; write all numbers in one way, without marks between thousands");
    }
    return *parsed;
  }

  std::string where(size_t row) const { return source_ + ":" + std::to_string(lines_.number[row + 1]); }

  Lines lines_;
  size_t text_size_;
  const std::string& source_;
  std::unordered_set<std::string> wanted_;
  char separator_ = '\t';
  std::vector<std::string_view> header_, names_, cells_;  ///< without the corner; first column; a row
  size_t before_values_ = 1;                              ///< cells of a row: its name, what GCT says of it
  bool is_gct_ = false;                                   ///< so the patients are its columns
  bool sample_of_one_ = false;
  bool with_comma_ = false, with_point_ = false;  ///< decimals seen in a table with semicolons
};

}  // namespace

namespace {

Expression parse_bytes(std::string bytes, const std::string& source,
                       const std::vector<std::string>& patients) {
  std::vector<std::string> warnings;
  const std::string text = core::to_utf8(std::move(bytes), source, warnings);
  for (const auto& warning : warnings) core::log_warning(warning);
  if (is_maf(text)) return parse_mutations(text, source, patients);
  return Reader(text, source, patients).read();
}

}  // namespace

Expression parse_expression(std::string_view text, const std::string& source,
                            const std::vector<std::string>& patients) {
  return parse_bytes(std::string(text), source, patients);
}

Expression read_expression(const std::filesystem::path& path, const std::vector<std::string>& patients) {
  return parse_bytes(core::read_text(path, core::most_of_genes), path.string(), patients);
}

}  // namespace photo51::genomics

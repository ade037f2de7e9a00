#include "photo51/genomics/expression.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_set>

#include "genomics/lines.hpp"
#include "genomics/mutations.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::genomics {
namespace {

constexpr size_t not_kept = std::numeric_limits<size_t>::max();

bool is_missing(std::string_view cell) {
  return cell.empty() || cell == "NA" || cell == "nan" || cell == "NaN" || cell == "NAN" || cell == "na";
}

/// Nothing when the cell is not a finite number.
std::optional<float> number(std::string_view cell) {
  if (is_missing(cell)) return std::numeric_limits<float>::quiet_NaN();
  if (cell.front() == '+') cell.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) return std::nullopt;
  return static_cast<float>(value);
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& source, const std::vector<std::string>& patients)
      : lines_(lines_of(text)), source_(source), wanted_(patients.begin(), patients.end()) {
    if (lines_.text.size() < 2)
      core::fail_data(source + ": the table needs a header and at least one row of numbers");
    separator_ = lines_.text[0].find('\t') != std::string_view::npos ? '\t' : ',';
    split_line(lines_.text[0], separator_, header_);
    split_line(lines_.text[1], separator_, cells_);
    if (cells_.size() == header_.size()) header_.erase(header_.begin());
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
  size_t count_wanted(const std::vector<std::string_view>& names) const {
    return static_cast<size_t>(std::count_if(names.begin(), names.end(), [this](std::string_view name) {
      return wanted_.contains(std::string(name));
    }));
  }

  bool patients_are_columns() {
    const size_t columns = count_wanted(header_), rows = count_wanted(names_);
    if (columns != rows) return columns > rows;
    if (rows > 0)
      core::fail_data(source_ +
                      ": as many patients of the cohort stand in the header as in the first column (" +
                      std::to_string(rows) + "), so the genes cannot be told from the patients");
    if (wanted_.size() == 1 && (header_.size() == 1) != (names_.size() == 1)) {
      sample_of_one_ = true;
      return header_.size() == 1;
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
    if (cells_.size() != header_.size() + 1)
      core::fail_data(where(row) + ": " + std::to_string(cells_.size() - 1) +
                      " values, but the header names " + std::to_string(header_.size()));
  }

  float value(size_t row, size_t column) const {
    const auto cell = cells_[column + 1];
    const auto parsed = number(cell);
    if (!parsed)
      core::fail_data(where(row) + ": column `" + std::string(header_[column]) + "`: `" + std::string(cell) +
                      "` is not a finite number; leave it blank when it is unknown");
    return *parsed;
  }

  std::string where(size_t row) const { return source_ + ":" + std::to_string(lines_.number[row + 1]); }

  Lines lines_;
  const std::string& source_;
  std::unordered_set<std::string> wanted_;
  char separator_ = '\t';
  std::vector<std::string_view> header_, names_, cells_;  ///< without the corner; first column; a row
  bool sample_of_one_ = false;
};

}  // namespace

Expression parse_expression(std::string_view text, const std::string& source,
                            const std::vector<std::string>& patients) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (is_maf(text)) return parse_mutations(text, source, patients);
  return Reader(text, source, patients).read();
}

Expression read_expression(const std::filesystem::path& path, const std::vector<std::string>& patients) {
  return parse_expression(core::read_text(path), path.string(), patients);
}

}  // namespace photo51::genomics

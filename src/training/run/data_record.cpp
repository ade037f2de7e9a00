#include "training/run/data_record.hpp"

#include "photo51/core/error.hpp"
#include "photo51/core/table.hpp"
#include "photo51/data/options/inputs.hpp"

namespace photo51::training {

std::string data_hashes(const data::Cohort& cohort) {
  std::vector<std::string> cells{"case", "row"};
  for (const auto& [name, input] : cohort.inputs()) cells.push_back("input." + name);
  std::string text = core::csv_row(cells);
  for (int64_t row = 0; row < cohort.size(); ++row) {
    cells = {cohort.id(row), cohort.row_hash(row)};
    for (const auto& [name, input] : cohort.inputs()) {
      try {
        cells.push_back(cohort.file_hash(row, name));
      } catch (const core::Error& error) {
        if (error.fault() != core::Fault::data) throw;
        cells.emplace_back("unreadable");
      }
    }
    text += core::csv_row(cells);
  }
  return text;
}

std::vector<DataChange> data_changes(const std::filesystem::path& file, const std::string& before,
                                     const std::string& now) {
  const core::Table old_table = core::parse_table(before, file.string());
  const core::Table new_table = core::parse_table(now, "the cohort");
  if (old_table.columns != new_table.columns || old_table.rows.size() != new_table.rows.size())
    return {DataChange{}};
  for (size_t row = 0; row < new_table.rows.size(); ++row)
    if (old_table.rows[row][0] != new_table.rows[row][0]) return {DataChange{}};
  std::vector<DataChange> changes;
  for (size_t row = 0; row < new_table.rows.size(); ++row)
    for (size_t column = 1; column < new_table.columns.size(); ++column)
      if (old_table.rows[row][column] != new_table.rows[row][column])
        changes.push_back({new_table.rows[row][0],
                           column == 1 ? "" : new_table.columns[column].substr(sizeof "input." - 1)});
  return changes;
}

}  // namespace photo51::training

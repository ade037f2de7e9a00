#pragma once
/// The manifest of a cohort: its rows, its columns and what their cells say.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "photo51/core/table.hpp"
#include "photo51/data/options/cohort.hpp"

namespace photo51::data {

struct Manifest {
  core::Table table;
  std::filesystem::path folder;  ///< that relative paths are taken from
  CohortOptions options;
  std::vector<std::string> ids, sites;  ///< by row

  /// Fills in `ids` and `sites`. Errors (data): no rows, a row without id, an id that stands twice.
  void read_ids();
  const std::string& cell(size_t row, size_t column) const { return table.rows[row][column]; }
  /// "cohort.csv:12: column `age`", for messages.
  std::string where(size_t row, size_t column) const {
    return table.where(row) + ": column `" + table.columns[column] + "`";
  }
  std::filesystem::path resolve(const std::string& named) const;
  /// The input's own column of the name, `<input>.<name>`, or the one that inputs share.
  std::optional<size_t> find_column(const std::string& input, const std::string& name) const;

  /// The file that a cell names, empty when it is blank. Error (data): there is none, unless bad cases are
  /// skipped.
  std::filesystem::path file(size_t row, size_t column) const;
  /// The files of a cell of a bag, which `;` separates.
  std::vector<std::filesystem::path> instance_files(size_t row, size_t column) const;
  /// Error (data) unless the cell is a number of at least `least`; `of` says what it counts.
  double number(size_t row, size_t column, const char* of, double least) const;

 private:
  std::filesystem::path named_file(const std::string& named, size_t row, size_t column) const;
};

/// `folder#UID`, which names one series of a folder, or `mask.dcm#ROI` as path and choice; the choice is
/// empty for any other path.
std::pair<std::filesystem::path, std::string> split_series(const std::filesystem::path& path);

}  // namespace photo51::data

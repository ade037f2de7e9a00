#pragma once
/// What the labels of a head are read from.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "photo51/core/table.hpp"

namespace photo51::data {

struct LabelSource {
  const core::Table& table;             ///< the manifest
  const std::vector<std::string>& ids;  ///< of the patients, by row
  /// Whether a label that cannot be read is an error; else it is unknown, with a warning (prediction).
  bool require = true;
  std::function<std::filesystem::path(const std::string& named)> resolve;  ///< of a file beside the manifest
  std::function<void(const std::string& text)> warn;                       ///< of the manifest as a whole

  const std::string& cell(size_t row, size_t column) const { return table.rows[row][column]; }
  /// "cohort.csv:12: column `age`", for messages.
  std::string where(size_t row, size_t column) const {
    return table.where(row) + ": column `" + table.columns[column] + "`";
  }
};

}  // namespace photo51::data

#pragma once
/// `cases.csv`: which case was in which part of the split.

#include <filesystem>
#include <string>
#include <vector>

namespace photo51::run {

struct CaseRow {
  std::string id, site;
  std::string part;  ///< one of run::part
  std::string fold;  ///< the number of the fold that the case validates; empty = none
};

std::string to_csv(const std::vector<CaseRow>& cases);
/// Error (data) that names file and column when it is missing or broken.
std::vector<CaseRow> read_cases(const std::filesystem::path& folder);

}  // namespace photo51::run

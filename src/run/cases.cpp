#include "photo51/run/cases.hpp"

#include "photo51/core/table.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::run {

std::string to_csv(const std::vector<CaseRow>& cases) {
  std::string text = core::csv_row({"case", "site", "part", "fold"});
  for (const auto& one : cases) text += core::csv_row({one.id, one.site, one.part, one.fold});
  return text;
}

std::vector<CaseRow> read_cases(const std::filesystem::path& folder) {
  const core::Table table = core::read_table(folder / name::cases);
  const size_t id = table.require("case"), part = table.require("part"), fold = table.require("fold");
  const auto site = table.find("site");
  std::vector<CaseRow> cases;
  for (const auto& row : table.rows)
    cases.push_back({row[id], site ? row[*site] : std::string(), row[part], row[fold]});
  return cases;
}

}  // namespace photo51::run

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/evaluation/evaluate.hpp"

namespace photo51::evaluation {

GroundTruth truth_of(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                     const std::vector<std::string>& groups) {
  GroundTruth truth;
  truth.specs = cohort.labels();
  for (const int64_t row : rows)
    for (const auto& spec : truth.specs)
      truth.labels[spec.head][cohort.id(row)] = cohort.label(row, spec.head);
  for (const auto& column : groups) {
    auto& values = truth.groups[column];
    for (const int64_t row : rows) {
      std::string value = cohort.cell(row, column);
      if (value.empty() && column == "site") value = cohort.site(row);
      values[cohort.id(row)] = value;
    }
    const bool blank =
        std::all_of(values.begin(), values.end(), [](const auto& entry) { return entry.second.empty(); });
    if (blank && !rows.empty() && column != "site")
      core::fail_usage("evaluate.groups: the manifest has no value in a column `" + column + "`");
  }
  return truth;
}

}  // namespace photo51::evaluation

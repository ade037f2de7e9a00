#include "data/split/groups.hpp"

#include <algorithm>

#include "data/cohort/cells.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

std::vector<std::vector<int64_t>> grouped_rows(const Cohort& cohort, const std::vector<int64_t>& order,
                                               const std::string& column) {
  const auto& table = cohort.impl().table;
  if (!table.find(column))
    core::fail_data(table.source + ": cohort.split.group needs the column `" + column + "`" +
                    core::suggest(column, table.columns));
  std::vector<std::vector<int64_t>> groups;
  std::map<std::string, size_t> known;
  for (const int64_t row : order) {
    const std::string value = cohort.cell(row, column);
    const auto [place, is_new] =
        value.empty() ? std::pair{known.end(), true} : known.emplace(value, groups.size());
    if (is_new)
      groups.push_back({row});
    else
      groups[place->second].push_back(row);
  }
  return groups;
}

std::vector<std::vector<int64_t>> spread_groups(const std::vector<std::vector<int64_t>>& groups,
                                                const std::map<int64_t, double>& class_of,
                                                const std::vector<double>& shares) {
  std::map<double, double> total;  // rows by class
  for (const auto& [row, value] : class_of) total[value] += 1;
  std::vector<const std::vector<int64_t>*> order;
  for (const auto& group : groups) order.push_back(&group);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->size() > b->size(); });

  std::vector<std::vector<int64_t>> parts(shares.size());
  std::vector<std::map<double, double>> counts(shares.size());
  for (const auto* group : order) {
    std::map<double, double> added;
    for (const int64_t row : *group) added[class_of.at(row)] += 1;
    size_t best = 0;
    double least = 0;
    for (size_t part = 0; part < parts.size(); ++part) {
      double change = 0;
      for (const auto& [value, rows] : added) {
        const double missing = counts[part][value] - shares[part] * total.at(value);
        change += (2 * missing + rows) * rows / total.at(value);
      }
      // Of equal parts the smaller, which the classes do not tell apart.
      const double size =
          static_cast<double>(parts[part].size()) - shares[part] * static_cast<double>(class_of.size());
      change += 1e-6 * size / static_cast<double>(class_of.size());
      if (part == 0 || change < least - 1e-12) {
        best = part;
        least = change;
      }
    }
    parts[best].insert(parts[best].end(), group->begin(), group->end());
    for (const auto& [value, rows] : added) counts[best][value] += rows;
  }
  return parts;
}

}  // namespace photo51::data

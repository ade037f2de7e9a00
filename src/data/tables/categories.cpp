#include "data/tables/categories.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "data/cohort/cells.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

Categories categories_from(const core::Learned& names) {
  Categories categories;
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    categories.push_back(names.is_null(i) ? std::nullopt : std::optional(names.at(i).text()));
    if (categories.back() && !seen.insert(*categories.back()).second)
      names.fail("holds `" + *categories.back() + "` twice");
  }
  return categories;
}

nlohmann::json to_json(const Categories& categories) {
  auto names = nlohmann::json::array();
  for (const auto& category : categories)
    names.push_back(category ? nlohmann::json(*category) : nlohmann::json());
  return names;
}

std::string told(const Categories& categories) {
  std::vector<std::string> names;
  for (const auto& category : categories)
    if (category) names.push_back(*category);
  return core::join(names, ", ");
}

nlohmann::json patients_with(const Cohort::Impl& cohort, const std::vector<size_t>& rows,
                             const Categories& categories,
                             const std::function<std::string(size_t row)>& category_of) {
  const std::string& group = cohort.options.split.group;
  const auto column = group.empty() ? std::nullopt : cohort.table.find(group);
  std::map<std::string, std::set<std::string>> patients;  // by category
  for (const size_t row : rows) {
    const std::string named = column ? cohort.cell(row, *column) : "";
    patients[category_of(row)].insert(is_blank(named) ? "row " + cohort.ids[row] : "group " + named);
  }
  auto counts = nlohmann::json::array();
  for (const auto& category : categories) counts.push_back(category ? patients[*category].size() : 0);
  return counts;
}

}  // namespace photo51::data

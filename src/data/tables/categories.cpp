#include "data/tables/categories.hpp"

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "data/cohort/cells.hpp"
#include "data/tables/moments.hpp"
#include "photo51/core/error.hpp"
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

std::optional<std::vector<int64_t>> counts_from(const core::Learned& holder, const std::string& key,
                                                size_t categories) {
  if (!holder.has(key)) return std::nullopt;
  return holder.at(key).wholes(categories, 0, std::numeric_limits<int64_t>::max());
}

void add_to(nlohmann::json& holder, const CategoryList& list, const char* names, const char* counts) {
  auto& listed = holder[names] = nlohmann::json::array();
  for (const auto& category : list.names)
    listed.push_back(category ? nlohmann::json(*category) : nlohmann::json());
  if (list.counts) holder[counts] = *list.counts;
}

CategoryList merge(const CategoryList& a, const CategoryList& b) {
  std::map<std::string, int64_t> all;
  for (const CategoryList* list : {&a, &b}) {
    if (!list->counts) fail_without_counts();
    for (size_t i = 0; i < list->names.size(); ++i) {
      if (!list->names[i])
        core::fail_usage("holds categories whose names were left out; merge what `fit` made");
      all[*list->names[i]] += (*list->counts)[i];
    }
  }
  CategoryList merged;
  merged.counts.emplace();
  for (const auto& [name, count] : all) {
    merged.names.emplace_back(name);
    merged.counts->push_back(count);
  }
  return merged;
}

std::string told(const Categories& categories) {
  std::vector<std::string> names;
  for (const auto& category : categories)
    if (category) names.push_back(*category);
  return core::join(names, ", ");
}

std::vector<int64_t> patients_with(const Cohort::Impl& cohort, const std::vector<size_t>& rows,
                                   const Categories& categories,
                                   const std::function<std::string(size_t row)>& category_of) {
  const std::string& group = cohort.options.split.group;
  const auto column = group.empty() ? std::nullopt : cohort.table.find(group);
  std::map<std::string, std::set<std::string>> patients;  // by category
  for (const size_t row : rows) {
    const std::string named = column ? cohort.cell(row, *column) : "";
    patients[category_of(row)].insert(is_blank(named) ? "row " + cohort.ids[row] : "group " + named);
  }
  std::vector<int64_t> counts;
  for (const auto& category : categories)
    counts.push_back(category ? static_cast<int64_t>(patients[*category].size()) : 0);
  return counts;
}

}  // namespace photo51::data

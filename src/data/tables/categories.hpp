#pragma once
/// Categories that were learned from text columns, by name and by how many patients have them.

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/learned.hpp"
#include "data/cohort/cohort_impl.hpp"

namespace photo51::data {

/// One whose name is not told is the category of no cell.
using Categories = std::vector<std::optional<std::string>>;
/// The names that are told, for messages.
std::string told(const Categories& categories);

/// With the patients of each; of earlier versions, and in published models, these are not known.
struct CategoryList {
  Categories names{};
  std::optional<std::vector<int64_t>> counts{};
};
/// In alphabetical order those of both, and their patients added up. Error (usage): names or counts are not
/// known.
CategoryList merge(const CategoryList& a, const CategoryList& b);

/// How many patients of `rows` have each category, in order; rows of one value of `split.group` are one
/// patient.
std::vector<int64_t> patients_with(const Cohort::Impl& cohort, const std::vector<size_t>& rows,
                                   const Categories& categories,
                                   const std::function<std::string(size_t row)>& category_of);

/// Names, none of them twice and null for what is not told.
Categories categories_from(const core::Learned& names);
/// The counts of so many categories; nothing where they are not kept.
std::optional<std::vector<int64_t>> counts_from(const core::Learned& holder, const std::string& key,
                                                size_t categories);
void add_to(nlohmann::json& holder, const CategoryList& list, const char* names, const char* counts);

}  // namespace photo51::data

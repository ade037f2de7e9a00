#pragma once
/// Categories that were learned from text columns, by name and by how many patients have them.

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
/// Names, none of them twice, and null for what is not told.
Categories categories_from(const core::Learned& names);
nlohmann::json to_json(const Categories& categories);
/// The names that are told, for messages.
std::string told(const Categories& categories);

/// How many patients of `rows` have each category, in order; rows of one value of `split.group` are one
/// patient.
nlohmann::json patients_with(const Cohort::Impl& cohort, const std::vector<size_t>& rows,
                             const Categories& categories,
                             const std::function<std::string(size_t row)>& category_of);

}  // namespace photo51::data

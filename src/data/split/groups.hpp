#pragma once
/// Rows that must stay together, and their spreading over parts.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"

namespace photo51::data {

/// `order` with the rows that share a value of `column` together, each group where its first row stood. A
/// blank cell is a group of one. Error (data) with the nearest name when the manifest lacks the column.
std::vector<std::vector<int64_t>> grouped_rows(const Cohort& cohort, const std::vector<int64_t>& order,
                                               const std::string& column);

/// Puts each group into one of the parts whose shares of the whole are `shares` (they sum to 1): the largest
/// groups first, each where it brings the parts' counts of every class nearest to their shares, by the sum
/// over classes of squared differences over the class's size. `class_of` has a value a row.
std::vector<std::vector<int64_t>> spread_groups(const std::vector<std::vector<int64_t>>& groups,
                                                const std::map<int64_t, double>& class_of,
                                                const std::vector<double>& shares);

}  // namespace photo51::data

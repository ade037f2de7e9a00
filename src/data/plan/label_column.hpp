#pragma once
/// What the words of one column could be as a label.

#include <optional>
#include <string>
#include <variant>

#include "photo51/data/plan/columns.hpp"

namespace photo51::data {

/// Fewer patients of a class, or with events, than this teach and measure nothing.
inline constexpr int64_t fewest_of_class = 5;

/// The label, or why it is none. `task` as the user names it, empty = by its words.
std::variant<PlannedLabel, std::string> label_of(const core::Table& table, size_t column,
                                                 const std::string& task);
/// Whether the column can be the events of a survival head: two words that say so.
std::optional<std::vector<int64_t>> events_of(const core::Table& table, size_t column);
/// Whether every cell that is not blank is a number, and none is below `least`.
bool is_numbers(const core::Table& table, size_t column, double least);
/// Lower-case parts of a name: "PFS_time" -> pfs, time.
std::vector<std::string> name_parts(const std::string& name);
/// A name that a config can have, from a column's.
std::string plain_name(const std::string& column);

}  // namespace photo51::data

#pragma once
/// The names that a table of components offers.

#include <string>
#include <vector>

#include "photo51/config/components.hpp"

namespace photo51::config {

/// The names of a table's rows, for `Limits::one_of` and messages.
std::vector<std::string> names_of(const Components& components);

}  // namespace photo51::config

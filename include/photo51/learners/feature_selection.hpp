#pragma once
/// What chooses features before an estimator sees them. The table of those that a config may name is open.

#include <cstdint>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/learners/labelled_table.hpp"

namespace photo51::learners {

/// The columns of the table that are kept, best first.
using SelectFeatures = std::vector<int64_t> (*)(const config::Choice& choice, const LabelledTable& table);
/// What `feature_selection:` of a head may name. Open: other code adds its own, see config/components.hpp.
config::Catalogue<SelectFeatures>& feature_selections();

/// Error (usage): a selection of other code keeps a column that there is not, or one twice.
std::vector<int64_t> select_features(const config::Choice& choice, const LabelledTable& table);

}  // namespace photo51::learners

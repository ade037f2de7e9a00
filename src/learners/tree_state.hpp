#pragma once
/// Trees as XGBoost writes them (its JSON model), checked before it reads them: it trusts what it reads.

#include <nlohmann/json_fwd.hpp>

#include "core/learned.hpp"
#include "photo51/learners/estimator.hpp"

namespace photo51::learners {

/// The model that `learned` describes, of the fields that were checked and no others: the objective of the
/// task, the numbers of features and of classes, and every tree a tree: arrays of one length, each node that
/// is not deleted reached once from the root, splits by features that there are, finite numbers, no
/// categories. Error (data) that names the field.
nlohmann::json checked_trees(const core::Learned& learned, const StateShape& shape);

}  // namespace photo51::learners

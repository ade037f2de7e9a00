#pragma once
/// What was learned from few patients, and must not be told by a model that strangers get.

#include <map>
#include <string>

#include "photo51/data/load/fit.hpp"

namespace photo51::data {

/// A category of fewer patients is not told: with other facts it may say who one of them is.
inline constexpr int64_t fewest_patients = 5;

/// How many categories of something ("input clinical: column `karyotype`") are hidden, of how many.
using Hidden = std::map<std::string, std::pair<int64_t, int64_t>>;

/// The state without the names of categories (text columns, and the sites and covariates of `harmonize`) that
/// fewer than `fewest_patients` training patients have, and without the counts. A patient who has one is
/// predicted as one whose category was not seen in training. Raises `hidden`'s numbers to this state's. Error
/// (usage) for a state of an older version, which has categories and no counts.
FittedTransforms without_rare(const FittedTransforms& fitted, Hidden& hidden);
/// The state without the counts, as older versions wrote it.
FittedTransforms without_counts(const FittedTransforms& fitted);

}  // namespace photo51::data

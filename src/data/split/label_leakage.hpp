#pragma once
/// Features that give a label away.

#include <span>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"

namespace photo51::data {

/// How a feature goes with a label over the cases in which both are known.
enum class Copy {
  none,
  ordered,  ///< one never falls while the other rises (or never rises): a threshold or rounding tells
  exact,    ///< each value of one has one value of the other
};
struct Likeness {
  Copy copy = Copy::none;
  double log_chance = 0;  ///< logarithm of the probability that a random order of the cases is as alike
};
/// Of numbers, NaN = unknown, in either direction.
Likeness ordered_likeness(std::span<const double> feature, std::span<const double> label);
/// Of categories in any order; a label and a feature of one value are like nothing.
Likeness category_likeness(std::span<const double> feature, std::span<const double> label);

/// Looks at clinical columns and tables of omics whose head sees them. Error (data) when one is an exact copy
/// of classes or events (clinical: also whether it is blank); a warning where it puts a label in order. What
/// could be chance, once in 1000 such cohorts, is passed over.
void check_label_leakage(const Cohort& cohort);

}  // namespace photo51::data

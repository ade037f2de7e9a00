#pragma once
/// Ranks of values, for statistics of ranks.

#include <span>
#include <vector>

namespace photo51::core {

/// From 1 for the smallest; equals share their mean; NaN, which is missing, takes the middle rank of the
/// others.
std::vector<double> ranks(std::span<const double> values);
/// The same with mean 0 and length 1, so that the product of two is Spearman's rho; zeros where nothing
/// varies.
std::vector<double> unit_ranks(std::span<const double> values);

}  // namespace photo51::core

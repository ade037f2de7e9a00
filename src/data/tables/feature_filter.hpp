#pragma once
/// Chooses features by their values over cases alone, whatever is to be predicted.

#include <Eigen/Core>
#include <vector>

namespace photo51::data {

/// Columns of `values` [cases, features] (none NaN) that vary, and whose deviation is more than `least` times
/// the mean of their magnitudes; in order.
std::vector<size_t> varying_features(const Eigen::MatrixXd& values, double least);

/// Columns of `values` of which no two have a |Spearman rho| above `limit`; each that is left out has one
/// with a kept one. Greedy: the one that is above the limit with most of those left is kept and these go; of
/// equals the one that agrees more with them, then the first. Takes cases x features^2 steps.
std::vector<size_t> uncorrelated_features(const Eigen::MatrixXd& values, double limit);

}  // namespace photo51::data

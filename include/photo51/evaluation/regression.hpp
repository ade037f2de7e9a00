#pragma once
/// How near predicted values are to the truth. NaN where a statistic is undefined (nobody, no spread).

#include <span>

namespace photo51::evaluation {

double mean_absolute_error(std::span<const double> predicted, std::span<const double> truth);
double root_mean_squared_error(std::span<const double> predicted, std::span<const double> truth);
/// 1 - residual / total sum of squares; negative when worse than the mean.
double r_squared(std::span<const double> predicted, std::span<const double> truth);
double pearson(std::span<const double> a, std::span<const double> b);
/// Pearson's correlation of ranks; equal values share their mean rank.
double spearman(std::span<const double> a, std::span<const double> b);

}  // namespace photo51::evaluation

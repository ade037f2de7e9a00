#pragma once
/// Order statistics and moments of plain samples.

#include <cstdint>
#include <vector>

namespace photo51::radiomics {

/// The q-th percentile (0 … 100) with linear interpolation between order statistics. NaN for no values.
double percentile(std::vector<double> values, double q);
/// Of several, in ascending order; at least one value.
std::vector<double> percentiles(std::vector<double> values, const std::vector<double>& ascending);

struct Moments {
  double mean = 0;
  double deviation = 0;  ///< population
  double skewness = 0;
  double kurtosis = 0;  ///< 3 for a normal distribution
};
/// Skewness and kurtosis are 0 for constant values; all NaN for no values.
Moments moments(const std::vector<double>& values);

double mean(const std::vector<double>& values);

}  // namespace photo51::radiomics

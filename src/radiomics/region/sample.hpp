#pragma once
/// What IBSI says of intensities (3.3) and of their levels (3.4) alike.

#include <vector>

namespace photo51::radiomics {

struct SampleStatistics {
  double mean = 0, variance = 0, skewness = 0, kurtosis = 0;  ///< population; 0 where there is no spread
  double minimum = 0, p10 = 0, p25 = 0, median = 0, p75 = 0, p90 = 0, maximum = 0;
  double mean_deviation = 0;    ///< mean absolute deviation from the mean
  double robust_deviation = 0;  ///< the same of the values from p10 to p90, from their own mean
  double median_deviation = 0;  ///< mean absolute deviation from the median

  double excess_kurtosis() const { return kurtosis > 0 ? kurtosis - 3 : 0; }
  double interquartile_range() const { return p75 - p25; }
  double range() const { return maximum - minimum; }
  double variation() const;   ///< coefficient of variation
  double dispersion() const;  ///< quartile coefficient of dispersion
};
/// At least one value.
SampleStatistics sample_statistics(const std::vector<double>& values);

}  // namespace photo51::radiomics

#include "radiomics/region/sample.hpp"

#include <algorithm>
#include <cmath>

#include "radiomics/region/moments.hpp"

namespace photo51::radiomics {
namespace {

double mean_deviation(const std::vector<double>& values, double from) {
  double sum = 0;
  for (const double value : values) sum += std::abs(value - from);
  return sum / static_cast<double>(values.size());
}

double robust_deviation(const std::vector<double>& values, double low, double high) {
  std::vector<double> kept;
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept),
               [&](double value) { return value >= low && value <= high; });
  return mean_deviation(kept, mean(kept));
}

}  // namespace

double SampleStatistics::variation() const {
  return std::sqrt(variance) / mean;
}
double SampleStatistics::dispersion() const {
  return (p75 - p25) / (p75 + p25);
}

SampleStatistics sample_statistics(const std::vector<double>& values) {
  SampleStatistics result;
  const Moments of = moments(values);
  result.mean = of.mean;
  result.variance = of.deviation * of.deviation;
  result.skewness = of.skewness;
  result.kurtosis = of.kurtosis;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  result.minimum = *least;
  result.maximum = *most;
  const std::vector<double> at = percentiles(values, {10, 25, 50, 75, 90});
  result.p10 = at[0];
  result.p25 = at[1];
  result.median = at[2];
  result.p75 = at[3];
  result.p90 = at[4];
  result.mean_deviation = mean_deviation(values, of.mean);
  result.robust_deviation = robust_deviation(values, result.p10, result.p90);
  result.median_deviation = mean_deviation(values, result.median);
  return result;
}

}  // namespace photo51::radiomics

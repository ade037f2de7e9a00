#include "radiomics/moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace photo51::radiomics {

double percentile(std::vector<double> values, double q) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double position = q / 100 * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), values.begin() + lower, values.end());
  const double low = values[lower];
  const double share = position - static_cast<double>(lower);
  if (share <= 0) return low;
  return low + share * (*std::min_element(values.begin() + lower + 1, values.end()) - low);
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Moments moments(const std::vector<double>& values) {
  Moments result;
  result.mean = mean(values);
  double second = 0, third = 0, fourth = 0;
  for (double value : values) {
    const double offset = value - result.mean;
    second += offset * offset;
    third += offset * offset * offset;
    fourth += offset * offset * offset * offset;
  }
  const auto count = static_cast<double>(values.size());
  second /= count;
  third /= count;
  fourth /= count;
  result.deviation = std::sqrt(second);
  if (second > 1e-12) {
    result.skewness = third / std::pow(second, 1.5);
    result.kurtosis = fourth / (second * second);
  } else if (values.empty()) {
    result.skewness = result.kurtosis = result.mean;
  }
  return result;
}

}  // namespace photo51::radiomics

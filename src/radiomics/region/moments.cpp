#include "radiomics/region/moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace photo51::radiomics {

double percentile(std::vector<double> values, double q) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return percentiles(std::move(values), {q}).front();
}

std::vector<double> percentiles(std::vector<double> values, const std::vector<double>& ascending) {
  std::vector<double> result;
  auto sorted = values.begin();  // what lies before is in its place
  for (const double q : ascending) {
    const double position = q / 100 * static_cast<double>(values.size() - 1);
    const auto lower = values.begin() + static_cast<std::ptrdiff_t>(position);
    const double share = position - std::floor(position);
    if (lower >= sorted) {
      std::nth_element(sorted, lower, values.end());
      sorted = lower + 1;
    }
    result.push_back(*lower);
    if (share > 0) result.back() += share * (*std::min_element(lower + 1, values.end()) - *lower);
  }
  return result;
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
  constexpr double kRounding = 1e-20;
  if (second > kRounding * result.mean * result.mean) {
    result.skewness = third / std::pow(second, 1.5);
    result.kurtosis = fourth / (second * second);
  } else if (values.empty()) {
    result.skewness = result.kurtosis = result.mean;
  }
  return result;
}

}  // namespace photo51::radiomics

#include "photo51/radiomics/robustness/icc.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace photo51::radiomics {
namespace {

/// The continued fraction of the incomplete beta function (modified Lentz).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto guarded = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / guarded(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m < 500; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    result *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    result *= c * d;
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return result;
}

/// The regularised incomplete beta function.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                   : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/// Of the F distribution, by bisection.
double f_quantile(double probability, double above, double below) {
  double low = 0, high = 1;
  for (int i = 0; i < 200; ++i) {
    const double share = (low + high) / 2;  // above * F / (above * F + below)
    (incomplete_beta(above / 2, below / 2, share) < probability ? low : high) = share;
  }
  return below * low / (above * (1 - low));
}

}  // namespace

Icc intraclass_correlation(const std::vector<std::vector<double>>& ratings, IccModel model,
                           double confidence) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<const std::vector<double>*> rows;
  for (const auto& row : ratings)
    if (std::all_of(row.begin(), row.end(), [](double value) { return std::isfinite(value); }))
      rows.push_back(&row);
  const auto n = static_cast<double>(rows.size());
  const auto k = rows.empty() ? 0 : static_cast<double>(rows.front()->size());
  if (n < 2 || k < 2) return {kNan, kNan, kNan};

  std::vector<double> of_rater(rows.front()->size(), 0);
  double mean = 0;
  for (const auto* row : rows)
    for (size_t j = 0; j < row->size(); ++j) of_rater[j] += (*row)[j] / n;
  for (const double value : of_rater) mean += value / k;
  double between = 0, within = 0, raters = 0;
  for (const auto* row : rows) {
    double of_target = 0;
    for (const double value : *row) of_target += value / k;
    between += k * (of_target - mean) * (of_target - mean);
    for (const double value : *row) within += (value - of_target) * (value - of_target);
  }
  for (const double value : of_rater) raters += n * (value - mean) * (value - mean);

  const double above = n - 1, below = model == IccModel::one_way ? n * (k - 1) : (n - 1) * (k - 1);
  const double error = std::max(0.0, model == IccModel::one_way ? within : within - raters) / below;
  between /= above;
  if (between == 0 && error == 0) return {kNan, kNan, kNan};
  const auto from_f = [&](double f) { return std::isinf(f) ? 1 : (f - 1) / (f + k - 1); };
  const double f = between / error;
  const double tail = (1 + confidence) / 2;
  return {from_f(f), from_f(f / f_quantile(tail, above, below)), from_f(f * f_quantile(tail, below, above))};
}

}  // namespace photo51::radiomics

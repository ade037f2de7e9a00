#include "photo51/evaluation/regression.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "evaluation/undefined.hpp"
#include "photo51/core/ranks.hpp"

namespace photo51::evaluation {

namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool constant(std::span<const double> values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

}  // namespace

double mean_absolute_error(std::span<const double> predicted, std::span<const double> truth) {
  if (truth.empty()) return undefined;
  double sum = 0;
  for (size_t i = 0; i < truth.size(); ++i) sum += std::abs(predicted[i] - truth[i]);
  return sum / static_cast<double>(truth.size());
}

double root_mean_squared_error(std::span<const double> predicted, std::span<const double> truth) {
  if (truth.empty()) return undefined;
  double sum = 0;
  for (size_t i = 0; i < truth.size(); ++i) sum += std::pow(predicted[i] - truth[i], 2);
  return std::sqrt(sum / static_cast<double>(truth.size()));
}

double r_squared(std::span<const double> predicted, std::span<const double> truth) {
  if (constant(truth)) return undefined;
  const double centre = mean(truth);
  double residual = 0, total = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    residual += std::pow(predicted[i] - truth[i], 2);
    total += std::pow(truth[i] - centre, 2);
  }
  return 1 - residual / total;
}

double pearson(std::span<const double> a, std::span<const double> b) {
  if (constant(a) || constant(b)) return undefined;
  const double mean_a = mean(a), mean_b = mean(b);
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double da = a[i] - mean_a, db = b[i] - mean_b;
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  return std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0);
}

double spearman(std::span<const double> a, std::span<const double> b) {
  return pearson(core::ranks(a), core::ranks(b));
}

}  // namespace photo51::evaluation

#include "photo51/evaluation/expression.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace photo51::evaluation {

std::vector<double> gene_pearson(const ScoredPredictions& scored) {
  const auto cases =
      static_cast<size_t>(scored.predicted.size()) / std::max<size_t>(scored.classes.size(), 1);
  const size_t genes = scored.classes.size();
  const double count = static_cast<double>(cases);
  std::vector<double> mean_p(genes), mean_t(genes), pp(genes), tt(genes), pt(genes);
  // Case by case, as the values lie in memory.
  for (size_t i = 0; i < cases * genes; ++i) {
    mean_p[i % genes] += scored.predicted[i] / count;
    mean_t[i % genes] += scored.value[i] / count;
  }
  for (size_t row = 0; row < cases; ++row)
    for (size_t gene = 0; gene < genes; ++gene) {
      const double p = scored.predicted[row * genes + gene] - mean_p[gene];
      const double t = scored.value[row * genes + gene] - mean_t[gene];
      pp[gene] += p * p;
      tt[gene] += t * t;
      pt[gene] += p * t;
    }
  std::vector<double> correlation(genes, 0.0);
  for (size_t gene = 0; gene < genes; ++gene) {
    const double both = std::sqrt(pp[gene] * tt[gene]);
    // Equal values leave rounding errors, which must not pass for variation.
    if (both > 1e-12 * count * (1 + mean_p[gene] * mean_p[gene] + mean_t[gene] * mean_t[gene]))
      correlation[gene] = std::clamp(pt[gene] / both, -1.0, 1.0);
  }
  return correlation;
}

double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double mean_of_best(std::vector<double> values, size_t count) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end(), std::greater<>());
  values.resize(std::min(count, values.size()));
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace photo51::evaluation

#include "photo51/evaluation/roc_band.hpp"

#include <algorithm>

#include "photo51/core/random.hpp"
#include "photo51/evaluation/classification.hpp"

namespace photo51::evaluation {

std::vector<RocBandPoint> roc_band(std::span<const double> score, std::span<const int> label,
                                   const BootstrapOptions& options, int64_t points) {
  const auto patients = static_cast<uint64_t>(label.size());
  if (roc_curve(score, label).empty()) return {};
  std::vector<std::vector<double>> rates(static_cast<size_t>(points));
  std::vector<double> some_score(label.size());
  std::vector<int> some_label(label.size());
  for (int64_t k = 0; k < options.samples; ++k) {
    core::Random random(
        {static_cast<uint64_t>(options.seed), core::hash_key("roc band"), static_cast<uint64_t>(k)});
    for (size_t i = 0; i < label.size(); ++i) {
      const uint64_t chosen = random.below(patients);
      some_score[i] = score[chosen];
      some_label[i] = label[chosen];
    }
    const auto curve = roc_curve(some_score, some_label);
    size_t at = 0;
    for (size_t p = 0; p < rates.size() && !curve.empty(); ++p) {
      const double x = static_cast<double>(p) / static_cast<double>(points - 1);
      while (at + 1 < curve.size() && curve[at + 1].false_positive_rate <= x) ++at;
      rates[p].push_back(curve[at].true_positive_rate);
    }
  }
  std::vector<RocBandPoint> band;
  for (size_t p = 0; p < rates.size(); ++p) {
    auto& sample = rates[p];
    if (sample.empty()) return {};
    std::sort(sample.begin(), sample.end());
    const double tail = (1 - options.level) / 2 * static_cast<double>(sample.size() - 1);
    const auto low = static_cast<size_t>(tail + 0.5);
    band.push_back({static_cast<double>(p) / static_cast<double>(points - 1), sample[low],
                    sample[sample.size() - 1 - low]});
  }
  return band;
}

}  // namespace photo51::evaluation

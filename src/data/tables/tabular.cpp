#include "data/tables/tabular.hpp"

#include <algorithm>
#include <cmath>

namespace photo51::data {

const Tabular* find_tabular(const std::string& modality) {
  for (const Tabular* row : {&omics, &clinical, &lesion, &body_lesion, &radiomic_features})
    if (row->modality == modality) return row;
  return nullptr;
}

Moments moments(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  size_t count = 0;
  for (const double value : values)
    if (!std::isnan(value)) {
      sum += value;
      ++count;
    }
  if (count == 0) return {};
  const double mean = sum / static_cast<double>(count);
  for (const double value : values)
    if (!std::isnan(value)) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / static_cast<double>(count))};
}

std::vector<Moments> moments_from(const core::Learned& fitted, size_t count) {
  const auto means = fitted.at("mean").numbers(count), deviations = fitted.at("deviation").numbers(count, 0);
  std::vector<Moments> learned;
  for (size_t i = 0; i < count; ++i) learned.push_back({means[i], deviations[i]});
  return learned;
}

float z_score(double value, double mean, double deviation, double clip) {
  // A spread of rounding errors only is none.
  if (std::isnan(value) || deviation <= 1e-12 * std::max(1.0, std::abs(mean))) return 0;
  const double z = (value - mean) / deviation;
  return static_cast<float>(clip > 0 ? std::clamp(z, -clip, clip) : z);
}

}  // namespace photo51::data

#include <algorithm>
#include <array>
#include <cmath>

#include "radiomics/ibsi/families.hpp"
#include "radiomics/region/sample.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 23> kIntensityHistogramFeatures{{
    {"ih_mean", "mean", "X6K6", ""},
    {"ih_var", "variance", "CH89", ""},
    {"ih_skew", "skewness", "88K1", ""},
    {"ih_kurt", "excess_kurtosis", "C3I7", ""},
    {"ih_median", "median", "WIFQ", ""},
    {"ih_min", "minimum", "1PR8", ""},
    {"ih_p10", "percentile_10", "GPMT", ""},
    {"ih_p90", "percentile_90", "OZ0C", ""},
    {"ih_max", "maximum", "3NCY", ""},
    {"ih_mode", "mode", "AMMC", ""},
    {"ih_iqr", "interquartile_range", "WR0O", ""},
    {"ih_range", "range", "5Z3W", ""},
    {"ih_mad", "mean_absolute_deviation", "D2ZX", ""},
    {"ih_rmad", "robust_mean_absolute_deviation", "WRZB", ""},
    {"ih_medad", "median_absolute_deviation", "4RNL", ""},
    {"ih_cov", "coefficient_of_variation", "CWYJ", ""},
    {"ih_qcod", "quartile_coefficient_of_dispersion", "SLWD", ""},
    {"ih_entropy", "entropy", "TLU2", "Entropy"},
    {"ih_uniformity", "uniformity", "BJ5W", "Uniformity"},
    {"ih_max_grad", "maximum_gradient", "12CE", ""},
    {"ih_max_grad_g", "maximum_gradient_level", "8E6O", ""},
    {"ih_min_grad", "minimum_gradient", "VQB3", ""},
    {"ih_min_grad_g", "minimum_gradient_level", "RHQZ", ""},
}};

/// The most common level; of several the one nearest to the mean, the lower of two.
double mode_of(const std::vector<double>& counts, double mean) {
  const double most = *std::max_element(counts.begin(), counts.end());
  double mode = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double level = static_cast<double>(i) + 1;
    if (counts[i] == most && (mode == 0 || std::abs(level - mean) < std::abs(mode - mean))) mode = level;
  }
  return mode;
}

/// How the counts change from level to level: over both neighbours, over one at the ends.
std::vector<double> gradient(const std::vector<double>& counts) {
  const size_t last = counts.size() - 1;
  std::vector<double> result(counts.size(), 0);
  for (size_t i = 0; i <= last && last > 0; ++i) {
    const size_t before = i > 0 ? i - 1 : 0, after = std::min(i + 1, last);
    result[i] = (counts[after] - counts[before]) / static_cast<double>(after - before);
  }
  return result;
}

Values compute_intensity_histogram(const Input& input, Aggregations) {
  std::vector<double> values, counts(input.levels.count, 0.0);
  values.reserve(input.region.voxels.size());
  for (const int64_t voxel : input.region.voxels) {
    const int32_t level = input.levels.level[voxel];
    values.push_back(level);
    ++counts[level - 1];
  }
  const SampleStatistics of = sample_statistics(values);
  double entropy = 0, uniformity = 0;
  for (const double count : counts) {
    const double share = count / static_cast<double>(values.size());
    if (share > 0) entropy -= share * std::log2(share);
    uniformity += share * share;
  }
  const std::vector<double> slope = gradient(counts);
  const auto steepest = std::max_element(slope.begin(), slope.end());
  const auto falling = std::min_element(slope.begin(), slope.end());
  return {{of.mean,
           of.variance,
           of.skewness,
           of.excess_kurtosis(),
           of.median,
           of.minimum,
           of.p10,
           of.p90,
           of.maximum,
           mode_of(counts, of.mean),
           of.interquartile_range(),
           of.range(),
           of.mean_deviation,
           of.robust_deviation,
           of.median_deviation,
           of.variation(),
           of.dispersion(),
           entropy,
           uniformity,
           *steepest,
           static_cast<double>(steepest - slope.begin()) + 1,
           *falling,
           static_cast<double>(falling - slope.begin()) + 1}};
}

}  // namespace

const Family& intensity_histogram() {
  static const Family family{{FeatureFamily::intensity_histogram, "ZVCW", kIntensityHistogramFeatures},
                             Family::Kind::plain,
                             true,
                             0,
                             compute_intensity_histogram};
  return family;
}

}  // namespace photo51::radiomics

#include <array>
#include <cmath>

#include "radiomics/ibsi/families.hpp"
#include "radiomics/region/sample.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 18> kIntensityStatisticsFeatures{{
    {"stat_mean", "mean", "Q4LE", "Mean"},
    {"stat_var", "variance", "ECT3", "Variance"},
    {"stat_skew", "skewness", "KE2A", "Skewness"},
    {"stat_kurt", "excess_kurtosis", "IPH6", ""},
    {"stat_median", "median", "Y12H", "Median"},
    {"stat_min", "minimum", "1GSF", "Minimum"},
    {"stat_p10", "percentile_10", "QG58", "10Percentile"},
    {"stat_p90", "percentile_90", "8DWT", "90Percentile"},
    {"stat_max", "maximum", "84IY", "Maximum"},
    {"stat_iqr", "interquartile_range", "SALO", "InterquartileRange"},
    {"stat_range", "range", "2OJQ", "Range"},
    {"stat_mad", "mean_absolute_deviation", "4FUA", "MeanAbsoluteDeviation"},
    {"stat_rmad", "robust_mean_absolute_deviation", "1128", "RobustMeanAbsoluteDeviation"},
    {"stat_medad", "median_absolute_deviation", "N72L", ""},
    {"stat_cov", "coefficient_of_variation", "7TET", ""},
    {"stat_qcod", "quartile_coefficient_of_dispersion", "9S40", ""},
    {"stat_energy", "energy", "N8CA", "Energy"},
    {"stat_rms", "root_mean_square", "5ZWQ", "RootMeanSquared"},
}};

Values compute_intensity_statistics(const Input& input, Aggregations) {
  const Region& region = input.region;
  std::vector<double> values;
  values.reserve(region.voxels.size());
  for (const int64_t voxel : region.voxels) values.push_back(region.intensity[voxel]);
  const SampleStatistics of = sample_statistics(values);
  double energy = 0;
  for (const double value : values) energy += value * value;
  return {{of.mean, of.variance, of.skewness, of.excess_kurtosis(), of.median, of.minimum, of.p10, of.p90,
           of.maximum, of.interquartile_range(), of.range(), of.mean_deviation, of.robust_deviation,
           of.median_deviation, of.variation(), of.dispersion(), energy,
           std::sqrt(energy / static_cast<double>(values.size()))}};
}

}  // namespace

const Family& statistics() {
  static const Family family{{FeatureFamily::statistics, "UHIW", kIntensityStatisticsFeatures},
                             Family::Kind::plain,
                             false,
                             0,
                             compute_intensity_statistics};
  return family;
}

}  // namespace photo51::radiomics

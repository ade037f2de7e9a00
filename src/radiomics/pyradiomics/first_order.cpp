#include <cmath>

#include "radiomics/pyradiomics/common.hpp"
#include "radiomics/region/sample.hpp"

namespace photo51::radiomics::pyradiomics {

Values first_order(const Region& region, const Levels& levels, const Pyradiomics& settings) {
  const auto count = static_cast<double>(region.voxels.size());
  std::vector<double> values, of_level(levels.count, 0.0);
  values.reserve(region.voxels.size());
  double energy = 0;
  for (const int64_t voxel : region.voxels) {
    const double value = region.intensity[voxel];
    values.push_back(value);
    energy += (value + settings.voxel_array_shift) * (value + settings.voxel_array_shift);
    ++of_level[levels.level[voxel] - 1];
  }
  double entropy = 0, uniformity = 0;
  for (const double voxels : of_level) {
    const double share = voxels / count;
    if (share > 0) entropy -= share * std::log2(share);
    uniformity += share * share;
  }
  const SampleStatistics of = sample_statistics(values);
  return {{"10Percentile", of.p10},
          {"90Percentile", of.p90},
          {"Energy", energy},
          {"Entropy", entropy},
          {"InterquartileRange", of.interquartile_range()},
          {"Kurtosis", of.kurtosis},
          {"Maximum", of.maximum},
          {"MeanAbsoluteDeviation", of.mean_deviation},
          {"Mean", of.mean},
          {"Median", of.median},
          {"Minimum", of.minimum},
          {"Range", of.range()},
          {"RobustMeanAbsoluteDeviation", of.robust_deviation},
          {"RootMeanSquared", std::sqrt(energy / count)},
          {"Skewness", of.skewness},
          {"TotalEnergy", energy * region.grid.voxel_volume()},
          {"StandardDeviation", std::sqrt(of.variance)},
          {"Uniformity", uniformity},
          {"Variance", of.variance}};
}

}  // namespace photo51::radiomics::pyradiomics

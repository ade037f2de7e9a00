// Grey level co-occurrence (IBSI 3.6, Haralick 1973 doi:10.1109/TSMC.1973.4309314).
#include <array>
#include <cmath>
#include <limits>

#include "radiomics/ibsi/aggregate.hpp"
#include "radiomics/ibsi/counts.hpp"
#include "radiomics/ibsi/gpu_texture.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 25> kGlcmFeatures{{
    {"cm_joint_max", "joint_maximum", "GYBY", "MaximumProbability"},
    {"cm_joint_avg", "joint_average", "60VM", "JointAverage"},
    {"cm_joint_var", "joint_variance", "UR99", "SumSquares"},
    {"cm_joint_entr", "joint_entropy", "TU9B", "JointEntropy"},
    {"cm_diff_avg", "difference_average", "TF7R", "DifferenceAverage"},
    {"cm_diff_var", "difference_variance", "D3YU", "DifferenceVariance"},
    {"cm_diff_entr", "difference_entropy", "NTRS", "DifferenceEntropy"},
    {"cm_sum_avg", "sum_average", "ZGXS", "SumAverage"},
    {"cm_sum_var", "sum_variance", "OEEB", ""},
    {"cm_sum_entr", "sum_entropy", "P6QZ", "SumEntropy"},
    {"cm_energy", "angular_second_moment", "8ZQL", "JointEnergy"},
    {"cm_contrast", "contrast", "ACUI", "Contrast"},
    {"cm_dissimilarity", "dissimilarity", "8S9J", ""},
    {"cm_inv_diff", "inverse_difference", "IB1Z", "Id"},
    {"cm_inv_diff_norm", "normalised_inverse_difference", "NDRX", "Idn"},
    {"cm_inv_diff_mom", "inverse_difference_moment", "WF0Z", "Idm"},
    {"cm_inv_diff_mom_norm", "normalised_inverse_difference_moment", "1QCO", "Idmn"},
    {"cm_inv_var", "inverse_variance", "E8JP", "InverseVariance"},
    {"cm_corr", "correlation", "NI2N", "Correlation"},
    {"cm_auto_corr", "autocorrelation", "QWB0", "Autocorrelation"},
    {"cm_clust_tend", "cluster_tendency", "DG8W", "ClusterTendency"},
    {"cm_clust_shade", "cluster_shade", "7NFM", "ClusterShade"},
    {"cm_clust_prom", "cluster_prominence", "AE86", "ClusterProminence"},
    {"cm_info_corr1", "information_correlation_1", "R8DG", "Imc1"},
    {"cm_info_corr2", "information_correlation_2", "JN9H", "Imc2"},
}};

/// Pairs of neighbours in each direction, not yet symmetric.
std::vector<Counts> count(const Texture& texture, Range range, const std::vector<int64_t>& offsets) {
  const int64_t expected = static_cast<int64_t>(texture.voxels.size());
  std::vector<Counts> counts(offsets.size(),
                             Counts(texture.rows(), texture.rows(), expected, Counts::Shape::square));
  if (add_pairs_on_gpu(counts, texture, range, offsets)) return counts;
  const int32_t* row = texture.row.data();
  const size_t directions = offsets.size();
  if (counts.front().dense()) {
    // All directions at once: neighbouring voxels are alike, and a cell that was just written is slow to
    // read.
    std::array<uint32_t*, 13> cells{};
    for (size_t d = 0; d < directions; ++d) cells[d] = counts[d].data();
    for (size_t k = range.begin; k < range.end; ++k) {
      const int32_t* at = row + texture.voxels[k];
      const int64_t base = *at * texture.rows();
      for (size_t d = 0; d < directions; ++d) ++cells[d][base + at[offsets[d]]];
    }
    return counts;
  }
  for (size_t k = range.begin; k < range.end; ++k) {
    const int32_t* at = row + texture.voxels[k];
    for (size_t d = 0; d < directions; ++d)
      if (at[offsets[d]] != 0) counts[d].add(std::min(*at, at[offsets[d]]), std::max(*at, at[offsets[d]]));
  }
  return counts;
}

/// Sums over the matrix made symmetric, whose cells are counts: those of i < j stand for two cells each.
struct Sums {
  double total = 0, most = 0, squares = 0, logs = 0;
  std::vector<double> one, difference, sum;  ///< marginals, by row and by grey level
};

Sums sums_of(Counts& counts, const Texture& texture) {
  Sums sums;
  sums.one.assign(texture.rows(), 0);
  sums.difference.assign(texture.highest, 0);
  sums.sum.assign(2 * static_cast<size_t>(texture.highest) + 1, 0);
  if (counts.dense()) {  // the upper triangle; row and column 0 hold neighbours outside
    const int64_t rows = texture.rows();
    uint32_t* cells = counts.data();
    for (int64_t i = 0; i < rows; ++i) {
      cells[i] = cells[i * rows] = 0;
      for (int64_t j = 0; j < i; ++j) {
        cells[j * rows + i] += cells[i * rows + j];
        cells[i * rows + j] = 0;
      }
    }
  }
  counts.for_each([&](int64_t i, int64_t j, double pairs) {
    const auto low = static_cast<size_t>(texture.value[i]), high = static_cast<size_t>(texture.value[j]);
    const double both = 2 * pairs;
    const double cell = i == j ? both : pairs;
    sums.total += both;
    sums.most = std::max(sums.most, cell);
    sums.squares += both * cell;
    sums.logs += i == j ? times_log2(both) : 2 * times_log2(pairs);
    sums.one[i] += pairs;
    sums.one[j] += pairs;
    sums.difference[high - low] += both;
    sums.sum[high + low] += both;
  });
  return sums;
}

double entropy(const std::vector<double>& counts, double total) {
  double logs = 0;
  for (const double count : counts) logs += times_log2(count);
  return std::log2(total) - logs / total;
}

std::vector<double> features(Counts& counts, const Texture& texture) {
  const Sums sums = sums_of(counts, texture);
  const double total = sums.total;
  if (total == 0) return std::vector<double>(kGlcmFeatures.size(), std::numeric_limits<double>::quiet_NaN());
  double mean = 0, variance = 0;
  for (int64_t i = 1; i < texture.rows(); ++i) mean += texture.value[i] * sums.one[i] / total;
  for (int64_t i = 1; i < texture.rows(); ++i)
    variance += std::pow(texture.value[i] - mean, 2) * sums.one[i] / total;

  double difference = 0, contrast = 0, inverse = 0, inverse_norm = 0, moment = 0, moment_norm = 0,
         inverse_var = 0;
  const auto levels = static_cast<double>(texture.highest);
  for (size_t i = 0; i < sums.difference.size(); ++i) {
    const double p = sums.difference[i] / total, k = static_cast<double>(i);
    difference += k * p;
    contrast += k * k * p;
    inverse += p / (1 + k);
    inverse_norm += p / (1 + k / levels);
    moment += p / (1 + k * k);
    moment_norm += p / (1 + k / levels * (k / levels));
    if (i > 0) inverse_var += p / (k * k);
  }
  double sum_variance = 0, shade = 0, prominence = 0;
  for (size_t i = 0; i < sums.sum.size(); ++i) {
    const double p = sums.sum[i] / total, k = static_cast<double>(i) - 2 * mean;
    sum_variance += k * k * p;
    shade += k * k * k * p;
    prominence += k * k * k * k * p;
  }
  const double joint = std::log2(total) - sums.logs / total;
  const double single = entropy(sums.one, total);
  // i j = ((i + j)² - (i - j)²) / 4
  const double product = (sum_variance + 4 * mean * mean - contrast) / 4;
  const double shared = std::max(0.0, 2 * single - joint);
  return {sums.most / total,
          mean,
          variance,
          joint,
          difference,
          contrast - difference * difference,
          entropy(sums.difference, total),
          2 * mean,
          sum_variance,
          entropy(sums.sum, total),
          sums.squares / (total * total),
          contrast,
          difference,
          inverse,
          inverse_norm,
          moment,
          moment_norm,
          inverse_var,
          variance > 0 ? (product - mean * mean) / variance : 1,
          product,
          sum_variance,
          shade,
          prominence,
          single > 0 ? -shared / single : 0,
          std::sqrt(1 - std::exp(-2 * shared))};
}

Values compute_glcm(const Input& input, Aggregations wanted) {
  const Texture& texture = input.texture;
  return aggregate(
      texture, wanted, kGlcmFeatures.size(),
      [&](Range range, bool planar) {
        std::vector<int64_t> offsets = directions(texture.grid, planar);
        for (int64_t& offset : offsets) offset *= input.settings.distance;
        return count(texture, range, offsets);
      },
      [&](Counts& counts) { return features(counts, texture); });
}

}  // namespace

const Family& glcm() {
  static const Family family{
      {FeatureFamily::glcm, "LFYI", kGlcmFeatures}, Family::Kind::directional, true, 0, compute_glcm};
  return family;
}

}  // namespace photo51::radiomics

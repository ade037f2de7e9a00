// Neighbourhood grey tone differences (IBSI 3.10, Amadasun & King 1989 doi:10.1109/21.44046).
#include <array>
#include <cmath>
#include <limits>

#include "radiomics/ibsi/aggregate.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 5> kNgtdmFeatures{{
    {"ngt_coarseness", "coarseness", "QCDE", "Coarseness"},
    {"ngt_contrast", "contrast", "65HE", "Contrast"},
    {"ngt_busyness", "busyness", "NQ30", "Busyness"},
    {"ngt_complexity", "complexity", "HDEZ", "Complexity"},
    {"ngt_strength", "strength", "1X9X", "Strength"},
}};

/// Of each row: voxels with a neighbour, and how far they are from their neighbours' mean.
struct Differences {
  std::vector<double> count, sum;

  void add(const Differences& other) {
    for (size_t i = 0; i < count.size(); ++i) {
      count[i] += other.count[i];
      sum[i] += other.sum[i];
    }
  }
};

/// A level and, above it, the 1 that counts it, so that one sum over neighbours yields both.
constexpr int kCountAt = 40;
constexpr int64_t kLevel = (int64_t{1} << kCountAt) - 1;

/// Sum over the window of `reach` voxels to all sides along one axis. The outermost `reach` voxels of the
/// grid, which are outside the mask, stay as they are.
void sum_along(std::vector<int64_t>& values, int64_t stride, int64_t reach) {
  const std::vector<int64_t> from = values;
  const auto end = static_cast<int64_t>(values.size()) - reach * stride;
  for (int64_t step = 1; step <= reach; ++step) {
    const int64_t* ahead = from.data() + step * stride;
    const int64_t* behind = from.data() - step * stride;
    for (int64_t i = reach * stride; i < end; ++i) values[i] += ahead[i] + behind[i];
  }
}

/// Over all voxels within `reach`, the voxel itself included.
std::vector<int64_t> window(const Texture& texture, bool planar, int64_t reach) {
  std::vector<int64_t> sums(texture.level.size(), 0);
  for (const int64_t i : texture.voxels) sums[i] = (int64_t{1} << kCountAt) + texture.level[i];
  sum_along(sums, 1, reach);
  sum_along(sums, texture.grid.size[2], reach);
  if (!planar) sum_along(sums, texture.grid.slice(), reach);
  return sums;
}

std::vector<int64_t> neighbours(const Texture& texture, bool planar, const std::vector<int64_t>& distances) {
  std::vector<int64_t> sums(texture.level.size(), 0);
  for (const int64_t distance : distances) {
    const std::vector<int64_t> within = window(texture, planar, distance);
    const std::vector<int64_t> nearer = window(texture, planar, distance - 1);
    for (const int64_t i : texture.voxels) sums[i] += within[i] - nearer[i];
  }
  return sums;
}

std::vector<double> features(const Differences& of, const Texture& texture) {
  double total = 0, differences = 0, weighted = 0, mean = 0, square = 0;
  std::vector<int64_t> rows;
  for (int64_t i = 1; i < texture.rows(); ++i) {
    if (of.count[i] == 0) continue;
    rows.push_back(i);
    total += of.count[i];
    differences += of.sum[i];
    weighted += of.count[i] * of.sum[i];
    mean += of.count[i] * texture.value[i];
    square += of.count[i] * texture.value[i] * texture.value[i];
  }
  if (total == 0) return std::vector<double>(kNgtdmFeatures.size(), std::numeric_limits<double>::quiet_NaN());
  weighted /= total;
  mean /= total;
  const auto levels = static_cast<double>(rows.size());
  double busy = 0, complexity = 0, strength = 0;
  for (const int64_t i : rows) {
    const double p = of.count[i] / total, level = texture.value[i];
    for (const int64_t j : rows) {
      const double q = of.count[j] / total, apart = level - texture.value[j];
      busy += std::abs(level * p - texture.value[j] * q);
      complexity += std::abs(apart) * (p * of.sum[i] + q * of.sum[j]) / (p + q);
      strength += (p + q) * apart * apart;
    }
  }
  constexpr double kCoarsest = 1e6;  // of a region without differences
  const double spread = 2 * (square / total - mean * mean);
  return {weighted > 0 ? std::min(kCoarsest, 1 / weighted) : kCoarsest,
          levels > 1 ? spread / (levels * (levels - 1)) * (differences / total) : 0,
          busy > 0 ? weighted / busy : 0, complexity / total, differences > 0 ? strength / differences : 0};
}

Values compute_ngtdm(const Input& input, Aggregations wanted) {
  const Texture& texture = input.texture;
  std::array<std::vector<int64_t>, 2> sums;  // in space and in slices
  return aggregate(
      texture, wanted, kNgtdmFeatures.size(),
      [&](Range range, bool planar) {
        std::vector<int64_t>& around = sums[planar ? 1 : 0];
        if (around.empty()) around = neighbours(texture, planar, input.neighbourhood.distances);
        Differences result{std::vector<double>(texture.rows(), 0), std::vector<double>(texture.rows(), 0)};
        for (size_t k = range.begin; k < range.end; ++k) {
          const int64_t voxel = texture.voxels[k];
          const int64_t count = around[voxel] >> kCountAt;
          if (count == 0) {
            if (input.neighbourhood.lone_voxels) result.count[texture.row[voxel]] += 1;
            continue;
          }
          const double mean = static_cast<double>(around[voxel] & kLevel) / static_cast<double>(count);
          result.count[texture.row[voxel]] += 1;
          result.sum[texture.row[voxel]] += std::abs(texture.level[voxel] - mean);
        }
        return std::vector<Differences>{std::move(result)};
      },
      [&](const Differences& of) { return features(of, texture); });
}

}  // namespace

const Family& ngtdm() {
  static const Family family{
      {FeatureFamily::ngtdm, "IPET", kNgtdmFeatures}, Family::Kind::zonal, true, 0, compute_ngtdm};
  return family;
}

}  // namespace photo51::radiomics

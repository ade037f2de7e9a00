#include <algorithm>
#include <cmath>
#include <limits>

#include "radiomics/lesion/groups.hpp"
#include "radiomics/region/moments.hpp"

namespace photo51::radiomics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLow = -10, kHigh = 20;  ///< clip, in deviations of the brain
constexpr size_t kFewestReference = 50;
constexpr double kTie = 1e-6;  ///< mm; equal distances differ by rounding

std::vector<double> take(const std::vector<double>& values, const std::vector<int64_t>& where) {
  std::vector<double> taken(where.size());
  std::transform(where.begin(), where.end(), taken.begin(), [&](int64_t i) { return values[i]; });
  return taken;
}

double share_if(const std::vector<double>& values, auto&& holds) {
  return static_cast<double>(std::count_if(values.begin(), values.end(), holds)) /
         static_cast<double>(values.size());
}

/// Mean in-plane gradient; slices are too thick and too unequal across scanners for the third axis.
double mean_slope(const std::vector<double>& values, const Grid& grid, const std::vector<int64_t>& where) {
  double total = 0;
  for (int64_t i : where) {
    const std::array<int64_t, 3> voxel{i / grid.slice(), i / grid.size[2] % grid.size[1], i % grid.size[2]};
    total += std::hypot(difference(values, grid, voxel, 1), difference(values, grid, voxel, 2));
  }
  return where.empty() ? kNaN : total / static_cast<double>(where.size());
}

/// Shannon entropy in bits of a histogram with bins of half a deviation.
double entropy(const std::vector<double>& values) {
  std::vector<double> bins(static_cast<size_t>((kHigh - kLow) * 2) + 1, 0.0);
  for (double value : values) bins[static_cast<size_t>((value - kLow) * 2)] += 1;
  double bits = 0;
  for (double count : bins) {
    const double share = count / static_cast<double>(values.size());
    if (share > 0) bits -= share * std::log2(share);
  }
  return bits;
}

}  // namespace

LesionRegions find_regions(const Lesion& lesion, const Head& head) {
  const Grid& grid = lesion.grid;
  Mask rest(lesion.mask.size());
  for (size_t i = 0; i < rest.size(); ++i) rest[i] = !lesion.mask[i];
  const std::vector<double> outside = distance_to_outside(rest, grid, false);
  const std::vector<double> inside = distance_to_outside(lesion.mask, grid, true);
  std::vector<double> depths;
  for (const auto& [z, y, x] : lesion.voxels) depths.push_back(inside[grid.at(z, y, x)]);
  const double core_depth = percentile(std::move(depths), 60);
  const double rim_depth = std::min(4.0, core_depth);
  // At least the voxels that touch the outline in the slice.
  const double edge_depth = std::max(1.9, 1.01 * std::max(grid.spacing[1], grid.spacing[2]));
  const int64_t lowest = lesion.voxels.front()[0] - 2, highest = lesion.voxels.back()[0] + 2;
  LesionRegions regions;
  for (int64_t i = 0; i < grid.count(); ++i) {
    if (lesion.mask[i]) {
      if (inside[i] > core_depth + kTie) regions.core.push_back(i);
      if (inside[i] <= rim_depth + kTie) regions.rim.push_back(i);
      (inside[i] <= edge_depth ? regions.edge : regions.inside).push_back(i);
      continue;
    }
    if (outside[i] <= edge_depth) regions.edge.push_back(i);
    if (outside[i] <= 6 && head.depth[i] > 0.06 * head.width) regions.ring.push_back(i);
    const int64_t z = i / grid.slice();
    if (outside[i] > 6 && head.depth[i] > 0.12 * head.width && z >= lowest && z <= highest) {
      regions.brain.push_back(i);
    }
  }
  return regions;
}

const std::vector<std::string>& intensity_names() {
  static const std::vector<std::string> names{"mean",     "p10",      "median",  "p90",     "deviation",
                                              "skewness", "kurtosis", "dark",    "bright",  "contrast",
                                              "rim",      "edge",     "texture", "entropy", "ratio"};
  return names;
}

Intensity intensity_descriptors(const std::vector<double>& image, const Lesion& lesion,
                                const LesionRegions& regions) {
  if (regions.brain.size() < kFewestReference) {
    return {std::vector<double>(intensity_names().size(), kNaN), kNaN};
  }
  // Fluid and vessels are the tails of the brain's histogram: they are cut off.
  std::vector<double> reference = take(image, regions.brain);
  const double low = percentile(reference, 5), high = percentile(reference, 95);
  std::erase_if(reference, [&](double value) { return value < low || value > high; });
  const Moments brain = moments(reference);
  const double unit = std::max({brain.deviation, 1e-3 * std::abs(brain.mean), 1e-9});
  std::vector<double> scaled(image.size());
  for (size_t i = 0; i < image.size(); ++i) {
    scaled[i] = std::clamp((image[i] - brain.mean) / unit, kLow, kHigh);
  }
  std::vector<double> values;
  double raw = 0;
  for (const auto& [z, y, x] : lesion.voxels) {
    const int64_t i = lesion.grid.at(z, y, x);
    values.push_back(scaled[i]);
    raw += image[i] / static_cast<double>(lesion.voxels.size());
  }
  const Moments of = moments(values);
  const double rim = mean(take(scaled, regions.rim)) - mean(take(scaled, regions.core));
  return {
      {of.mean, percentile(values, 10), percentile(values, 50), percentile(values, 90), of.deviation,
       of.skewness, of.kurtosis, share_if(values, [](double value) { return value < -2; }),
       share_if(values, [](double value) { return value > 4; }), of.mean - mean(take(scaled, regions.ring)),
       rim, mean_slope(scaled, lesion.grid, regions.edge), mean_slope(scaled, lesion.grid, regions.inside),
       entropy(values), std::clamp(raw / brain.mean, 0.0, 10.0)},
      brain.mean};
}

const std::vector<std::string>& enhancement_names() {
  static const std::vector<std::string> names{"enhancement_mean", "enhancement_p90", "enhancement_fraction"};
  return names;
}

std::vector<double> enhancement_descriptors(const std::vector<double>& pre, double pre_brain,
                                            const std::vector<double>& post, double post_brain,
                                            const Lesion& lesion) {
  std::vector<double> gain;
  for (const auto& [z, y, x] : lesion.voxels) {
    const int64_t i = lesion.grid.at(z, y, x);
    gain.push_back(post[i] / post_brain - pre[i] / pre_brain);
  }
  return {mean(gain), percentile(gain, 90), share_if(gain, [](double value) { return value > 0.3; })};
}

}  // namespace photo51::radiomics

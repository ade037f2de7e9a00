#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "radiomics/ibsi/families.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 7> kIntensityVolumeHistogramFeatures{{
    {"ivh_v10", "volume_at_intensity_fraction_10", "BC2M", ""},
    {"ivh_v90", "volume_at_intensity_fraction_90", "BC2M", ""},
    {"ivh_i10", "intensity_at_volume_fraction_10", "GBPN", ""},
    {"ivh_i90", "intensity_at_volume_fraction_90", "GBPN", ""},
    {"ivh_diff_v10_v90", "volume_fraction_difference", "DDTU", ""},
    {"ivh_diff_i10_i90", "intensity_fraction_difference", "CNV2", ""},
    {"ivh_auc", "area_under_the_curve", "9CMM", ""},
}};

/// The share of the region that is at least as intense, by ascending intensity.
struct Curve {
  std::vector<double> intensity, share;
  double low = 0, high = 0;  ///< where the intensity fraction is 0 and 1

  void add(double at, double value) {
    intensity.push_back(at);
    share.push_back(value);
  }
  double fraction(size_t i) const { return (intensity[i] - low) / (high - low); }

  /// At the first intensity of at least this fraction.
  double share_at(double wanted) const {
    constexpr double kRounding = 1e-12;
    for (size_t i = 0; i < share.size() && high > low; ++i)
      if (fraction(i) >= wanted - kRounding) return share[i];
    return std::numeric_limits<double>::quiet_NaN();
  }
  /// The first at which no more than this share is left.
  double intensity_at(double wanted) const {
    const auto found = std::find_if(share.begin(), share.end(), [&](double left) { return left <= wanted; });
    return found == share.end() ? intensity.back() : intensity[found - share.begin()];
  }
  double area() const {
    if (!(high > low)) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (size_t i = 1; i < share.size() && intensity[i] <= high; ++i)
      sum += (fraction(i) - fraction(i - 1)) * (share[i] + share[i - 1]) / 2;
    return sum;
  }
};

/// Points at the middles of the bins, and one after the last, where nothing is left.
Curve curve_of_levels(const std::vector<int64_t>& counts, double first, double step) {
  const auto last = static_cast<double>(counts.size() - 1);
  Curve curve{{}, {}, first, first + last * step};
  int64_t total = 0;
  for (const int64_t count : counts) total += count;
  int64_t left = total;
  for (size_t i = 0; i < counts.size(); ++i) {
    curve.add(first + static_cast<double>(i) * step, static_cast<double>(left) / static_cast<double>(total));
    left -= counts[i];
  }
  curve.add(curve.high + step, 0);
  return curve;
}

/// Points at the intensities that occur; whole numbers are levels one apart, so that the curve falls from
/// each to the next whole number.
Curve curve_of_intensities(std::vector<double> values, double low, double high) {
  Curve curve{{}, {}, low, high};
  std::sort(values.begin(), values.end());
  const bool whole =
      std::all_of(values.begin(), values.end(), [](double value) { return value == std::nearbyint(value); });
  if (low < values.front()) curve.add(low, 1);
  const auto count = static_cast<double>(values.size());
  for (size_t i = 0; i < values.size();) {
    const double value = values[i];
    if (curve.intensity.empty() || curve.intensity.back() < value)
      curve.add(value, static_cast<double>(values.size() - i) / count);
    while (i < values.size() && values[i] == value) ++i;
    if (whole) curve.add(value + 1, static_cast<double>(values.size() - i) / count);
  }
  if (curve.intensity.back() < high) curve.add(high, 0);
  return curve;
}

Curve curve_of(const Input& input) {
  const Region& region = input.region;
  const Discretisation& how = input.settings.ivh;
  const std::vector<double>& range = input.settings.range;
  std::vector<double> values;
  values.reserve(region.voxels.size());
  for (const int64_t voxel : region.voxels) values.push_back(region.intensity[voxel]);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  double low = *least, high = *most;
  if (!range.empty() && std::isfinite(range[0])) low = range[0];
  if (!range.empty() && std::isfinite(range[1])) high = range[1];
  if (how.method == DiscretiseMethod::none) return curve_of_intensities(std::move(values), low, high);

  const Levels levels = discretise(region, how, range);
  int64_t bins = how.count;
  if (how.method == DiscretiseMethod::fixed_width) {
    low = how.start.value_or(low);
    bins = std::max<int64_t>(1, static_cast<int64_t>(std::ceil((high - low) / how.width)));
  }
  std::vector<int64_t> counts(bins, 0);
  // The upper end of the range belongs to the last bin.
  for (const int64_t voxel : region.voxels) ++counts[std::min<int64_t>(levels.level[voxel], bins) - 1];
  if (how.method == DiscretiseMethod::fixed_count) return curve_of_levels(counts, 1, 1);
  return curve_of_levels(counts, low + how.width / 2, how.width);
}

Values compute_intensity_volume_histogram(const Input& input, Aggregations) {
  const Curve curve = curve_of(input);
  const double v10 = curve.share_at(0.1), v90 = curve.share_at(0.9);
  const double i10 = curve.intensity_at(0.1), i90 = curve.intensity_at(0.9);
  return {{v10, v90, i10, i90, v10 - v90, i10 - i90, curve.area()}};
}

}  // namespace

const Family& intensity_volume_histogram() {
  static const Family family{
      {FeatureFamily::intensity_volume_histogram, "P88C", kIntensityVolumeHistogramFeatures},
      Family::Kind::plain,
      false,
      0,
      compute_intensity_volume_histogram};
  return family;
}

}  // namespace photo51::radiomics

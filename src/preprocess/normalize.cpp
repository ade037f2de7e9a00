#include "photo51/preprocess/normalize.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "photo51/core/error.hpp"

namespace photo51::preprocess {
namespace {

/// Maps v to (v - origin) * gain, clipped; voxels not above `floor` (NaN: outside the scan) become 0.
struct Scale {
  float origin = 0, gain = 1;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

void rescale(float* values, int64_t count, const Scale& scale, float floor) {
  for (int64_t i = 0; i < count; ++i) {
    const float v = values[i];
    const float scaled = std::min(std::max((v - scale.origin) * scale.gain, scale.low), scale.high);
    values[i] = v > floor ? scaled : 0.0F;
  }
}

struct Region {
  const float* values;
  const uint8_t* mask;  ///< null: the threshold alone decides
  int64_t count;
  float floor;

  bool has(int64_t i) const { return values[i] > floor && (mask == nullptr || mask[i] != 0); }
};

/// Sum of term(v) over the region: in float over short runs of lanes and in double over the runs, which is
/// fast and exact enough for any volume.
template <class Term>
double sum(const Region& region, Term term) {
  constexpr int64_t lanes = 16, run = 64 * lanes;
  double total = 0;
  int64_t i = 0;
  while (i + lanes <= region.count) {
    const int64_t end = std::min(region.count, i + run);
    float part[lanes] = {};
    for (; i + lanes <= end; i += lanes) {
      const float* v = region.values + i;
      if (region.mask == nullptr) {
        for (int64_t l = 0; l < lanes; ++l) part[l] += v[l] > region.floor ? term(v[l]) : 0.0F;
      } else {
        for (int64_t l = 0; l < lanes; ++l) part[l] += region.has(i + l) ? term(v[l]) : 0.0F;
      }
    }
    for (const float p : part) total += static_cast<double>(p);
  }
  for (; i < region.count; ++i)
    if (region.has(i)) total += static_cast<double>(term(region.values[i]));
  return total;
}

struct Moments {
  double count = 0, mean = 0, deviation = 0;
};

Moments moments(const Region& region) {
  Moments result;
  result.count = sum(region, [](float) { return 1.0F; });
  if (result.count == 0) return result;
  result.mean = sum(region, [](float v) { return v; }) / result.count;
  const auto centre = static_cast<float>(result.mean);
  const double error = sum(region, [centre](float v) { return v - centre; }) / result.count;
  const double spread = sum(region, [centre](float v) { return (v - centre) * (v - centre); }) / result.count;
  result.mean = static_cast<double>(centre) + error;
  result.deviation = std::sqrt(std::max(0.0, spread - error * error));
  return result;
}

/// Linear between order statistics, as numpy's default.
double percentile(std::vector<float>& values, double percent) {
  const double place = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = static_cast<double>(values[static_cast<size_t>(below)]);
  const double fraction = place - static_cast<double>(below);
  if (fraction == 0) return low;
  const float next = *std::min_element(values.begin() + below + 1, values.end());
  return low + fraction * (static_cast<double>(next) - low);
}

}  // namespace

void normalize(at::Tensor& channel, const at::Tensor& mask, const NormalizeOptions& options, size_t index) {
  float* values = channel.mutable_data_ptr<float>();
  const int64_t count = channel.numel();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const auto clear = [&] { std::fill_n(values, count, 0.0F); };
  if (options.method == "none") {
    return rescale(values, count, {}, -infinity);
  }
  if (options.method == "histogram")
    core::fail_usage("normalize histogram is learnt from a cohort; see preprocess/histogram.hpp");
  if (options.method == "window") {
    const double width = options.window[1] - options.window[0];
    return rescale(values, count,
                   {static_cast<float>(options.window[0]), static_cast<float>(1 / width), 0, 1}, -infinity);
  }
  if (options.method == "fixed") {
    const size_t which = options.mean.size() == 1 ? 0 : index;
    if (which >= options.mean.size())
      core::fail_usage("normalize: mean has " + std::to_string(options.mean.size()) +
                       " numbers and there are more channels; give one number, or one a channel");
    const double gain = 1 / (options.full_scale * options.std[which]);
    return rescale(values, count,
                   {static_cast<float>(options.full_scale * options.mean[which]), static_cast<float>(gain)},
                   -infinity);
  }
  Region region{values, nullptr, count, -infinity};
  if (options.region == "foreground") region.floor = static_cast<float>(options.foreground_threshold);
  if (options.region == "mask") {
    if (!mask.defined())
      core::fail_data("normalize region is mask, but there is no mask; give one or set region: foreground");
    region.mask = mask.const_data_ptr<uint8_t>();
  }
  const auto refuse_empty_mask = [&](bool empty) {
    if (empty && region.mask != nullptr)
      core::fail_data("normalize region is mask, but the mask has no voxel in the prepared image");
  };
  if (options.method == "zscore") {
    const Moments m = moments(region);
    refuse_empty_mask(m.count == 0);
    // Rounding leaves a constant image a deviation of some ulps of its mean.
    if (!(m.deviation > 1e-6 * std::abs(m.mean)) || m.count == 0) return clear();
    const float limit = options.clip > 0 ? static_cast<float>(options.clip) : infinity;
    return rescale(values, count,
                   {static_cast<float>(m.mean), static_cast<float>(1 / m.deviation), -limit, limit},
                   region.floor);
  }
  std::vector<float> inside;
  for (int64_t i = 0; i < count; ++i)
    if (region.has(i)) inside.push_back(values[i]);
  refuse_empty_mask(inside.empty());
  if (inside.empty()) return clear();
  const double low = percentile(inside, options.percentiles[0]);
  const double high = percentile(inside, options.percentiles[1]);
  if (!(high > low)) return clear();
  rescale(values, count, {static_cast<float>(low), static_cast<float>(1 / (high - low)), 0, 1}, region.floor);
}

}  // namespace photo51::preprocess

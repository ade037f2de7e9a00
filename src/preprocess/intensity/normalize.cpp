#include "photo51/preprocess/intensity/normalize.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "preprocess/region.hpp"

namespace photo51::preprocess {
namespace {

/// Maps v to (v - origin) * gain, clipped; voxels outside the scan (NaN) or the foreground become 0.
struct Scale {
  float origin = 0, gain = 1;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

void rescale(float* values, int64_t count, const Scale& scale, const Region& region = {}) {
  const float floor = region.floor, padding = region.padding;
  for (int64_t i = 0; i < count; ++i) {
    const float v = values[i];
    const float scaled = std::min(std::max((v - scale.origin) * scale.gain, scale.low), scale.high);
    values[i] = v > floor && v != padding ? scaled : 0.0F;
  }
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

Normalized normalize(at::Tensor& channel, const at::Tensor& mask, const NormalizeOptions& options,
                     size_t index, const std::optional<Intensities>& whole) {
  float* values = channel.mutable_data_ptr<float>();
  const int64_t count = channel.numel();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  if (options.method == NormalizeMethod::none) {
    rescale(values, count, {});
    return {};
  }
  if (options.method == NormalizeMethod::histogram)
    core::fail_usage("normalize histogram is learned from a cohort; see preprocess/intensity/histogram.hpp");
  if (options.method == NormalizeMethod::window) {
    const double width = options.window[1] - options.window[0];
    rescale(values, count, {static_cast<float>(options.window[0]), static_cast<float>(1 / width), 0, 1});
    return {};
  }
  if (options.method == NormalizeMethod::fixed) {
    const size_t which = options.mean.size() == 1 ? 0 : index;
    if (which >= options.mean.size())
      core::fail_usage("normalize: mean has " + std::to_string(options.mean.size()) +
                       " numbers and there are more channels; give one number, or one a channel");
    const double gain = 1 / (options.full_scale * options.std[which]);
    rescale(values, count,
            {static_cast<float>(options.full_scale * options.mean[which]), static_cast<float>(gain)});
    return {};
  }
  const Region region = region_of(channel, mask, options, whole);
  Normalized told{region.words, {}};
  if (!region.warning.empty()) told.warnings.push_back(region.warning);
  /// An image without spread there.
  const auto clear = [&](bool empty, double value) {
    if (empty && region.mask != nullptr)
      core::fail_data("normalize region is mask, but the mask has no voxel in the prepared image");
    std::fill_n(values, count, 0.0F);
    told.warnings.push_back(empty ? "has no voxel to take statistics from (" + region.words +
                                        "): all of it becomes 0"
                                  : "holds one value, " + core::format_number(value) + ", in " +
                                        region.words + ": all of it becomes 0");
    return told;
  };
  if (options.method == NormalizeMethod::zscore) {
    const Moments m = moments(region);
    // Rounding leaves a constant image a deviation of some ulps of its mean.
    if (!(m.deviation > 1e-6 * std::abs(m.mean)) || m.count == 0) return clear(m.count == 0, m.mean);
    const float limit = options.clip > 0 ? static_cast<float>(options.clip) : infinity;
    rescale(values, count, {static_cast<float>(m.mean), static_cast<float>(1 / m.deviation), -limit, limit},
            region);
    return told;
  }
  std::vector<float> inside;
  for (int64_t i = 0; i < count; ++i)
    if (region.has(i)) inside.push_back(values[i]);
  if (inside.empty()) return clear(true, 0);
  const double low = percentile(inside, options.percentiles[0]);
  const double high = percentile(inside, options.percentiles[1]);
  if (!(high > low)) return clear(false, low);
  rescale(values, count, {static_cast<float>(low), static_cast<float>(1 / (high - low)), 0, 1}, region);
  return told;
}

}  // namespace photo51::preprocess

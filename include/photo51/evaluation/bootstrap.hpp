#pragma once
/// Percentile intervals from resampling patients with replacement (Efron 1979).

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace photo51::evaluation {

struct Interval {
  double low = 0, high = 0;
};

struct BootstrapOptions {
  int64_t samples = 1000;
  double level = 0.95;
  int64_t seed = 0;
};

/// `statistic` sees the patients of one resample (indices below `patients`, with repeats) and returns NaN
/// where it is undefined, e.g. when chance left one class only. Such a resample is drawn anew, up to 20
/// times, and then left out; the interval is therefore conditional on the statistic being defined. With
/// fewer than half of the resamples left, both ends are NaN: the group is too small to say.
/// Resample k of a `name` is the same for every statistic, machine and number of threads. `statistic` is
/// called from several threads.
Interval bootstrap(int64_t patients, const std::function<double(std::span<const int64_t>)>& statistic,
                   std::string_view name, const BootstrapOptions& options = {});

}  // namespace photo51::evaluation

#include "photo51/evaluation/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "evaluation/undefined.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::evaluation {

namespace {

constexpr uint64_t draws_a_resample = 20;

/// Linear interpolation between order statistics of sorted values.
double quantile(const std::vector<double>& sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Interval bootstrap(int64_t patients, const std::function<double(std::span<const int64_t>)>& statistic,
                   std::string_view name, const BootstrapOptions& options) {
  if (patients < 1) return {undefined, undefined};
  std::vector<double> values(static_cast<size_t>(options.samples), undefined);
  const auto seed = static_cast<uint64_t>(options.seed);
  const uint64_t key = core::hash_key(name);
  const auto resample = [&](int64_t begin, int64_t end) {
    std::vector<int64_t> chosen(static_cast<size_t>(patients));
    for (int64_t k = begin; k < end; ++k) {
      for (uint64_t draw = 0; draw < draws_a_resample; ++draw) {
        core::Random random({seed, key, static_cast<uint64_t>(k), draw});
        for (auto& patient : chosen)
          patient = static_cast<int64_t>(random.below(static_cast<uint64_t>(patients)));
        const double value = statistic(chosen);
        values[static_cast<size_t>(k)] = value;
        if (!std::isnan(value)) break;
      }
    }
  };
  static core::ThreadPool pool;
  pool.parallel_for(options.samples, 16, resample);
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty() || 2 * static_cast<int64_t>(values.size()) < options.samples)
    return {undefined, undefined};
  std::sort(values.begin(), values.end());
  const double tail = (1 - options.level) / 2;
  return {quantile(values, tail), quantile(values, 1 - tail)};
}

}  // namespace photo51::evaluation

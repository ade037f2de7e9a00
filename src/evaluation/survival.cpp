#include "photo51/evaluation/survival.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluation/undefined.hpp"

namespace photo51::evaluation {

namespace {

std::vector<size_t> by_time(std::span<const double> time) {
  std::vector<size_t> order(time.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return time[a] < time[b]; });
  return order;
}

/// Counts by rank, with prefix sums in O(log n) (Fenwick 1994).
class RankCounts {
 public:
  explicit RankCounts(size_t ranks) : tree_(ranks + 1, 0) {}
  void add(size_t rank) {
    for (size_t i = rank + 1; i < tree_.size(); i += i & (~i + 1)) ++tree_[i];
  }
  /// How many ranks below `rank` were added.
  int64_t below(size_t rank) const {
    int64_t sum = 0;
    for (size_t i = rank; i > 0; i -= i & (~i + 1)) sum += tree_[i];
    return sum;
  }

 private:
  std::vector<int64_t> tree_;
};

}  // namespace

double c_index(std::span<const double> time, std::span<const char> event, std::span<const double> risk) {
  std::vector<double> levels(risk.begin(), risk.end());
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  const auto rank_of = [&](size_t i) {
    return static_cast<size_t>(std::lower_bound(levels.begin(), levels.end(), risk[i]) - levels.begin());
  };
  const auto order = by_time(time);
  RankCounts later(levels.size());
  int64_t outliving = 0, pairs = 0, twice_won = 0;
  // From the longest time down: `later` holds everyone whom an event at the present time precedes.
  for (size_t end = order.size(); end > 0;) {
    size_t begin = end;
    while (begin > 0 && time[order[begin - 1]] == time[order[end - 1]]) --begin;
    for (const bool events : {false, true}) {
      for (size_t i = begin; i < end; ++i) {
        if (events || event[order[i]]) continue;
        later.add(rank_of(order[i]));
        ++outliving;
      }
      if (!events) continue;
      for (size_t i = begin; i < end; ++i) {
        if (!event[order[i]]) continue;
        const size_t rank = rank_of(order[i]);
        const int64_t lower = later.below(rank), up_to_equal = later.below(rank + 1);
        pairs += outliving;
        twice_won += lower + up_to_equal;
      }
    }
    for (size_t i = begin; i < end; ++i) {
      if (!event[order[i]]) continue;
      later.add(rank_of(order[i]));
      ++outliving;
    }
    end = begin;
  }
  return pairs == 0 ? undefined : static_cast<double>(twice_won) / (2.0 * static_cast<double>(pairs));
}

std::vector<SurvivalStep> kaplan_meier(std::span<const double> time, std::span<const char> event, double z) {
  const auto order = by_time(time);
  std::vector<SurvivalStep> curve;
  double survival = 1, greenwood = 0;
  for (size_t begin = 0; begin < order.size();) {
    SurvivalStep step;
    step.time = time[order[begin]];
    step.at_risk = static_cast<int64_t>(order.size() - begin);
    size_t end = begin;
    for (; end < order.size() && time[order[end]] == step.time; ++end)
      (event[order[end]] ? step.events : step.censored) += 1;
    const auto at_risk = static_cast<double>(step.at_risk), events = static_cast<double>(step.events);
    survival *= 1 - events / at_risk;
    step.survival = survival;
    if (step.events == step.at_risk) {
      step.survival = step.low = step.high = survival = 0;
    } else {
      greenwood += events / (at_risk * (at_risk - events));
      if (survival < 1) {
        const double spread = z * std::sqrt(greenwood) / std::log(survival);
        step.low = std::pow(survival, std::exp(-spread));
        step.high = std::pow(survival, std::exp(spread));
      }
    }
    curve.push_back(step);
    begin = end;
  }
  return curve;
}

double median_survival(std::span<const SurvivalStep> curve) {
  for (const auto& step : curve)
    if (step.survival <= 0.5) return step.time;
  return undefined;
}

int64_t number_at_risk(std::span<const double> time, double t) {
  return std::count_if(time.begin(), time.end(), [t](double value) { return value >= t; });
}

LogRank log_rank(std::span<const double> time, std::span<const char> event, std::span<const char> group) {
  const auto order = by_time(time);
  auto at_risk = static_cast<double>(order.size());
  auto at_risk_second =
      static_cast<double>(std::count_if(group.begin(), group.end(), [](char second) { return second != 0; }));
  double excess = 0, variance = 0;
  for (size_t begin = 0; begin < order.size();) {
    double here = 0, here_second = 0, events = 0, events_second = 0;
    size_t end = begin;
    for (; end < order.size() && time[order[end]] == time[order[begin]]; ++end) {
      const size_t i = order[end];
      here += 1;
      here_second += group[i] ? 1 : 0;
      events += event[i] ? 1 : 0;
      events_second += event[i] && group[i] ? 1 : 0;
    }
    const double share = at_risk_second / at_risk;
    excess += events_second - events * share;
    if (at_risk > 1) variance += events * share * (1 - share) * (at_risk - events) / (at_risk - 1);
    at_risk -= here;
    at_risk_second -= here_second;
    begin = end;
  }
  if (!(variance > 0)) return {undefined, undefined};
  const double chi_square = excess * excess / variance;
  return {chi_square, std::erfc(std::sqrt(chi_square / 2))};
}

}  // namespace photo51::evaluation

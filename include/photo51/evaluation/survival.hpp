#pragma once
/// Survival statistics on right-censored times. Vectors are one entry a patient; `event` is true where the
/// event was observed at `time`, false where the patient was last seen then.

#include <cstdint>
#include <span>
#include <vector>

namespace photo51::evaluation {

/// One flag a patient; not vector<bool>, which has no span.
using Events = std::vector<char>;

/// Harrell's concordance (1982) of risk (higher = earlier event). A pair counts when the shorter time is an
/// event, or both times are equal and only one is; equal risks win one half. NaN without such a pair.
/// O(n log n).
double c_index(std::span<const double> time, std::span<const char> event, std::span<const double> risk);

struct SurvivalStep {
  double time = 0;
  int64_t at_risk = 0, events = 0, censored = 0;
  double survival = 1;       ///< just after `time`
  double low = 1, high = 1;  ///< log-log transformed Greenwood interval
};
/// Kaplan-Meier estimate, one step a distinct time; `z` = 1.96 for 95 %.
std::vector<SurvivalStep> kaplan_meier(std::span<const double> time, std::span<const char> event,
                                       double z = 1.959963984540054);
/// First time at which survival is at most one half; NaN when it never is.
double median_survival(std::span<const SurvivalStep> curve);
/// Patients whose time is at least `t`, for the numbers below a plot.
int64_t number_at_risk(std::span<const double> time, double t);

struct LogRank {
  double chi_square = 0, p = 1;
};
/// Two-group log-rank test, one degree of freedom; `group` is true for the second group. NaN when a group is
/// empty or no event separates them.
LogRank log_rank(std::span<const double> time, std::span<const char> event, std::span<const char> group);

}  // namespace photo51::evaluation

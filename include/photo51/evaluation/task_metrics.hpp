#pragma once
/// The table of metrics: for each task what its predictions are scored by.

#include <functional>
#include <string>
#include <vector>

#include "photo51/evaluation/scored.hpp"

namespace photo51::evaluation {

struct Statistic {
  std::string name;  ///< in metrics.csv; without a colon, which parts a statistic from one of its outputs
  std::function<double(const ScoredPredictions&)> of;  ///< NaN = not defined for these cases
  /// Cases that it is of, where it passes over some; null: all of them.
  std::function<int64_t(const ScoredPredictions&)> count = nullptr;
};

struct TaskMetrics {
  std::string task;  ///< a row of data's table of tasks
  std::vector<Statistic> statistics = {};
  /// Further statistics with intervals, of each class of the head; called `STATISTIC:CLASS`. Null = none.
  std::vector<Statistic> (*of_classes)(const data::TaskSpec&) = nullptr;
  /// The statistic that a head is judged by and epochs are compared by, and what a guess gets.
  std::string headline = {};
  double chance = 0.5;
  /// Whether such labels give the headline a value, whatever is predicted; one is known. Null = any do.
  bool (*is_defined)(const std::vector<const data::Case::Label*>& known) = nullptr;
  /// Why these cases cannot be scored; empty = they can.
  std::string (*obstacle)(const ScoredPredictions&) = nullptr;
  /// A further statistic of each output, of which there may be thousands: without intervals, and over all
  /// cases only. It is called `by_output:NAME`. Null = none.
  std::string by_output = {};
  std::vector<double> (*of_outputs)(const ScoredPredictions&) = nullptr;
};

/// Adds the metrics of a task that data::add_task has added, before a config is read. Errors (usage): no such
/// task, metrics that are there already, no `obstacle`, a headline that is no statistic.
void add_metrics(TaskMetrics row);
/// Error (usage) that says what to add: no such task, no metrics for it.
const TaskMetrics& metrics_of(const std::string& task);
/// The same, at the start, for every head of a model.
void require_metrics(const std::vector<data::TaskSpec>& heads);
/// The headline's value for these cases; NaN where it is not defined.
double headline(const ScoredPredictions& scored);

}  // namespace photo51::evaluation

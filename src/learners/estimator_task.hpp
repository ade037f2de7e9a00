#pragma once
/// What estimators and the selection of features have to know of a task. A task without a row has no
/// estimator.

#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "learners/losses.hpp"
#include "photo51/data/task/task_spec.hpp"

namespace photo51::learners {

/// XGBoost computes with these.
constexpr double largest_float = std::numeric_limits<float>::max();

/// How XGBoost is told of the task, and what its saved model then holds.
struct TreeObjective {
  std::string name = {};
  std::string base_score = {};              ///< empty = XGBoost's own
  bool has_scale_pos_weight = false;        ///< among the parameters that are saved
  double least_base = -largest_float;       ///< of the score before the first tree: a probability, a positive
  double largest_base = largest_float;      ///< hazard, or a value
  double (*offset)(double mean) = nullptr;  ///< of the scores, by the labels' mean; null = none
  Eigen::VectorXd (*labels)(const Target&) = nullptr;  ///< null = the values
};

struct EstimatorTask {
  std::string task = {};
  std::unique_ptr<Loss> (*loss)(const Target&) = nullptr;
  /// Whether the loss is a sum over cases, so that a part's needs no others.
  bool loss_is_by_case = true;
  /// What inner folds spread evenly.
  double (*stratum)(const Target&, Eigen::Index row) = nullptr;
  /// What a bootstrap sample must not lose: so many different ones, or as many as there are (0).
  std::optional<double> (*kept)(const Target&, Eigen::Index row) = nullptr;
  size_t kept_at_least = 0;
  /// How much a feature says of the target, 0 to 1, by the ranks of both.
  double (*relevance)(const Eigen::VectorXd& unit, const Eigen::VectorXd& truth, const Target&) = nullptr;
  /// Error (data) when there is nothing to learn from; there is a case.
  void (*require_learnable)(const Target&, const data::TaskSpec&) = nullptr;
  /// The target of one output alone, of which a stack is made. Null = the target itself.
  Target (*of_output)(const Target&, Eigen::Index output) = nullptr;
  TreeObjective trees = {};
};

/// Null when the task has no estimators.
const EstimatorTask* find_estimator_task(const std::string& task);
/// Error (usage) when the task has no estimators.
const EstimatorTask& estimator_task(const std::string& task);

EstimatorTask binary_estimators();
EstimatorTask multiclass_estimators();
EstimatorTask regression_estimators();
EstimatorTask survival_estimators();

// What several tasks share.
double value_of(const Target& target, Eigen::Index row);
std::optional<double> value_kept(const Target& target, Eigen::Index row);
/// The correlation ratio of the ranks with the classes, 0 to 1: the root of Kruskal-Wallis H over n - 1.
double correlation_ratio(const Eigen::VectorXd& unit, const Eigen::VectorXd& truth, const Target& target);
/// Error (data) when all cases are of one class, or a class has none. `names` by class.
void require_classes(const Target& target, const std::vector<std::string>& names);

}  // namespace photo51::learners

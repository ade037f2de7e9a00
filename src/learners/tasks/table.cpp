#include <array>
#include <cmath>
#include <map>

#include "learners/estimator_task.hpp"
#include "photo51/core/error.hpp"
#include "photo51/learners/estimator.hpp"

namespace photo51::learners {

const EstimatorTask* find_estimator_task(const std::string& task) {
  static const std::array rows{binary_estimators(), multiclass_estimators(), regression_estimators(),
                               survival_estimators()};
  for (const auto& row : rows)
    if (row.task == task) return &row;
  return nullptr;
}

const EstimatorTask& estimator_task(const std::string& task) {
  if (const EstimatorTask* row = find_estimator_task(task)) return *row;
  core::fail_usage("heads of the task `" + task + "` have no estimators; leave `estimator` out");
}

bool has_estimators(const std::string& task) {
  return find_estimator_task(task) != nullptr;
}

void require_estimators(const std::string& task) {
  estimator_task(task);
}

double value_of(const Target& target, Eigen::Index row) {
  return target.value[row];
}

std::optional<double> value_kept(const Target& target, Eigen::Index row) {
  return target.value[row];
}

double correlation_ratio(const Eigen::VectorXd& unit, const Eigen::VectorXd&, const Target& target) {
  std::map<double, std::pair<double, double>> sums;  // of a class: its ranks, its cases
  for (Eigen::Index i = 0; i < unit.size(); ++i) {
    auto& [sum, count] = sums[target.value[i]];
    sum += unit[i];
    ++count;
  }
  double between = 0;
  for (const auto& [label, of] : sums) between += of.first * of.first / of.second;
  return std::sqrt(between);
}

void require_classes(const Target& target, const std::vector<std::string>& names) {
  std::string missing;
  for (size_t k = 0; k < names.size(); ++k) {
    const auto cases = (target.value.array() == static_cast<double>(k)).count();
    if (cases == target.size())
      core::fail_data("all " + std::to_string(target.size()) + " training cases are `" + names[k] +
                      "`; it takes cases of another class to learn from");
    if (cases == 0 && missing.empty()) missing = names[k];
  }
  if (!missing.empty())
    core::fail_data("no training case is `" + missing + "`; leave the class out or split otherwise");
}

}  // namespace photo51::learners

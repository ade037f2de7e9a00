#pragma once
/// What our own estimators compute with: a table of features and its labels as Eigen has them. The public
/// headers show tensors, because Eigen's types differ between programs that are compiled for other
/// processors.

#include <ATen/core/Tensor.h>

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "photo51/learners/labelled_table.hpp"

namespace photo51::learners {

struct EstimatorTask;  // estimator_task.hpp

/// float64 [R, C] on the host.
Eigen::MatrixXd to_matrix(const at::Tensor& tensor);
at::Tensor to_tensor(const Eigen::MatrixXd& matrix);

/// What is learned, one entry a case.
struct Target {
  const EstimatorTask* task = nullptr;
  int64_t classes = 1;         ///< outputs: as many as there are named classes; else 1
  Eigen::VectorXd value;       ///< 0/1, class, value, or time
  Eigen::VectorXd event;       ///< survival: 1 = seen, 0 = censored
  Eigen::VectorXd weight;      ///< mean 1
  std::vector<int64_t> group;  ///< cases of one group stay in one inner fold; empty = each its own

  Eigen::Index size() const { return value.size(); }
  Target rows(const std::vector<Eigen::Index>& chosen) const;
};
/// Error (usage): the table's task has no estimators.
Target target_of(const LabelledTable& table);

/// Inner folds: for every case the fold that it is left out of. Classes (survival: events) are spread evenly,
/// groups stay together; as many folds as the rarest class has groups, if that is fewer.
std::vector<int64_t> inner_folds(const Target& target, int64_t folds, uint64_t seed);

}  // namespace photo51::learners

#include "learners/target.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <map>
#include <utility>

#include "learners/estimator_task.hpp"
#include "photo51/core/random.hpp"

namespace photo51::learners {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::VectorXd to_vector(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  return Eigen::Map<const Eigen::VectorXd>(whole.const_data_ptr<double>(), whole.numel());
}

}  // namespace

Eigen::MatrixXd to_matrix(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  return Eigen::Map<const RowMajor>(whole.const_data_ptr<double>(), whole.size(0), whole.size(1));
}

at::Tensor to_tensor(const Eigen::MatrixXd& matrix) {
  at::Tensor tensor = at::empty({matrix.rows(), matrix.cols()}, at::kDouble);
  Eigen::Map<RowMajor>(tensor.mutable_data_ptr<double>(), matrix.rows(), matrix.cols()) = matrix;
  return tensor;
}

Target target_of(const LabelledTable& table) {
  return {.task = &estimator_task(table.task),
          .classes = table.outputs,
          .value = to_vector(table.value),
          .event = table.event.defined() ? to_vector(table.event) : Eigen::VectorXd(),
          .weight = to_vector(table.weight),
          .group = table.group};
}

Target Target::rows(const std::vector<Eigen::Index>& chosen) const {
  Target part{.task = task,
              .classes = classes,
              .value = value(chosen),
              .event = {},
              .weight = weight(chosen),
              .group = {}};
  if (event.size() > 0) part.event = event(chosen);
  if (!group.empty())
    for (const auto row : chosen) part.group.push_back(group[static_cast<size_t>(row)]);
  return part;
}

std::vector<int64_t> inner_folds(const Target& target, int64_t folds, uint64_t seed) {
  // Groups in random order, each under the rarest stratum that it has a case of.
  std::map<int64_t, std::vector<Eigen::Index>> groups;
  for (Eigen::Index row = 0; row < target.size(); ++row)
    groups[target.group.empty() ? row : target.group[static_cast<size_t>(row)]].push_back(row);
  std::map<double, int64_t> sizes;
  for (Eigen::Index row = 0; row < target.size(); ++row) ++sizes[target.task->stratum(target, row)];
  std::map<double, std::vector<const std::vector<Eigen::Index>*>> strata;
  for (const auto& [group, rows] : groups) {
    double rarest = target.task->stratum(target, rows.front());
    for (const auto row : rows)
      if (sizes[target.task->stratum(target, row)] < sizes[rarest])
        rarest = target.task->stratum(target, row);
    strata[rarest].push_back(&rows);
  }
  auto count = std::min<int64_t>(folds, static_cast<int64_t>(groups.size()));
  for (const auto& [stratum, members] : strata)
    if (strata.size() > 1) count = std::min(count, static_cast<int64_t>(members.size()));
  std::vector<int64_t> fold_of(static_cast<size_t>(target.size()), 0);
  if (count < 2) return fold_of;
  core::Random random({seed, core::hash_key("inner folds")});
  int64_t next = 0;
  for (const auto& [stratum, members] : strata)
    for (const int64_t at : random.permutation(static_cast<int64_t>(members.size()))) {
      for (const auto row : *members[static_cast<size_t>(at)]) fold_of[static_cast<size_t>(row)] = next;
      next = (next + 1) % count;
    }
  return fold_of;
}

}  // namespace photo51::learners

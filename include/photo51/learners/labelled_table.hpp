#pragma once
/// What estimators are fitted to, and samples of it. All tensors are on the host.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/data/task/task_spec.hpp"

namespace photo51::learners {

/// The features of N cases and what is known of them.
struct LabelledTable {
  std::string task;            ///< a row of the table of tasks that has estimators
  int64_t outputs = 1;         ///< scores a case: as many as there are named classes; else 1
  at::Tensor features;         ///< float64 [N, F], NaN where one is missing
  at::Tensor value;            ///< float64 [N]: 0/1, class, value, or time
  at::Tensor event;            ///< float64 [N]: 1 = seen, 0 = censored; undefined for tasks without events
  at::Tensor weight;           ///< float64 [N], mean 1
  std::vector<int64_t> group;  ///< cases of one group stay in one inner fold; empty = each its own
  uint64_t seed = 0;           ///< the same table gives the same estimator

  int64_t size() const { return value.size(0); }
  LabelledTable rows(const std::vector<int64_t>& chosen) const;
  LabelledTable columns(const std::vector<int64_t>& chosen) const;
};

/// Error (data) when there is nothing to learn from: no case, one class only, a class without a case, no
/// event, values that are all the same. `label` names the classes.
void require_learnable(const LabelledTable& table, const data::TaskSpec& label);
/// Inverse frequency of the classes, mean 1; float64 [N].
at::Tensor class_balanced_weights(const LabelledTable& table);
/// Cases, or whole groups, with replacement (Efron 1979); drawn anew until every class (survival: an event)
/// is there. Copies of a case are of one group, else a penalty would be chosen by cases that were trained on.
LabelledTable bootstrap_sample(const LabelledTable& table, int64_t sample);
/// The columns that are not the same for all cases.
std::vector<int64_t> varying_columns(const at::Tensor& features);

}  // namespace photo51::learners

#include "photo51/learners/labelled_table.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "learners/estimator_task.hpp"
#include "learners/standardiser.hpp"
#include "learners/target.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"

namespace photo51::learners {
namespace {

std::vector<int64_t> drawn_rows(const Target& target, uint64_t seed, int64_t sample) {
  std::map<int64_t, std::vector<int64_t>> groups;
  for (Eigen::Index row = 0; row < target.size(); ++row)
    groups[target.group.empty() ? row : target.group[static_cast<size_t>(row)]].push_back(row);
  std::vector<const std::vector<int64_t>*> list;
  for (const auto& [group, rows] : groups) list.push_back(&rows);
  const auto strata = [&](const std::vector<int64_t>& rows) {
    std::set<double> found;
    for (const auto row : rows)
      if (const auto kept = target.task->kept(target, row)) found.insert(*kept);
    return found.size();
  };
  std::vector<int64_t> all(static_cast<size_t>(target.size()));
  std::iota(all.begin(), all.end(), int64_t{0});
  const size_t wanted = target.task->kept_at_least > 0 ? target.task->kept_at_least : strata(all);
  core::Random random({seed, static_cast<uint64_t>(sample), core::hash_key("bootstrap")});
  std::vector<int64_t> rows;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    rows.clear();
    for (size_t i = 0; i < list.size(); ++i) {
      const auto& group = *list[random.below(list.size())];
      rows.insert(rows.end(), group.begin(), group.end());
    }
    if (strata(rows) >= wanted) return rows;
  }
  return all;
}

}  // namespace

LabelledTable LabelledTable::rows(const std::vector<int64_t>& chosen) const {
  const at::Tensor index = at::tensor(chosen, at::kLong);
  LabelledTable part = *this;
  part.features = features.index_select(0, index);
  part.value = value.index_select(0, index);
  if (event.defined()) part.event = event.index_select(0, index);
  part.weight = weight.index_select(0, index);
  part.group.clear();
  if (!group.empty())
    for (const int64_t row : chosen) part.group.push_back(group[static_cast<size_t>(row)]);
  return part;
}

LabelledTable LabelledTable::columns(const std::vector<int64_t>& chosen) const {
  LabelledTable part = *this;
  part.features = features.index_select(1, at::tensor(chosen, at::kLong));
  return part;
}

void require_learnable(const LabelledTable& table, const data::TaskSpec& label) {
  if (table.size() == 0) core::fail_data("no training case has a known label");
  const Target target = target_of(table);
  target.task->require_learnable(target, label);
}

at::Tensor class_balanced_weights(const LabelledTable& table) {
  const Target target = target_of(table);
  Eigen::VectorXd weight(target.size());
  const auto classes = static_cast<double>(std::max<int64_t>(2, target.classes));
  for (Eigen::Index i = 0; i < target.size(); ++i)
    weight[i] = static_cast<double>(target.size()) /
                (classes * static_cast<double>((target.value.array() == target.value[i]).count()));
  return to_tensor(weight).squeeze(1);
}

LabelledTable bootstrap_sample(const LabelledTable& table, int64_t sample) {
  const auto drawn = drawn_rows(target_of(table), table.seed, sample);
  LabelledTable part = table.rows(drawn);
  if (part.group.empty()) part.group = drawn;
  return part;
}

std::vector<int64_t> varying_columns(const at::Tensor& features) {
  const auto spread = Standardiser::of(to_matrix(features));
  std::vector<int64_t> columns;
  for (Eigen::Index j = 0; j < spread.deviation.size(); ++j)
    if (spread.deviation[j] > 0) columns.push_back(j);
  return columns;
}

}  // namespace photo51::learners

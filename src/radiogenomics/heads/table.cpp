#include "photo51/radiogenomics/heads/table.hpp"

#include "photo51/data/task/task_table.hpp"
#include "photo51/learners/estimator.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

/// The order is that of messages and of the reference.
data::TaskTable<TaskHead>& table() {
  static data::TaskTable<TaskHead> rows{
      "heads",
      "radiogenomics::add_head",
      {binary_head(), multiclass_head(), regression_head(), survival_head(), expression_head()}};
  return rows;
}

}  // namespace

void add_head(TaskHead row) {
  const bool complete = row.make != nullptr;
  table().add(std::move(row), complete);
}

const TaskHead* find_head(const std::string& task) {
  return table().find(task);
}

const TaskHead& head_of(const std::string& task) {
  return table().at(task);
}

std::vector<std::string> head_tasks() {
  std::vector<std::string> names;
  for (const auto& row : table().rows()) names.push_back(row.task);
  return names;
}

Sees seen_by(const HeadOptions& options) {
  if (options.estimator.empty()) return Sees::fusion;
  return learners::combines_heads(options.estimator) ? Sees::heads : Sees::embeddings;
}

bool needs_event(const HeadOptions& options) {
  const TaskHead& row = head_of(options.task);
  return row.needs_event != nullptr && row.needs_event(options);
}

data::TaskSpec task_spec(const std::string& head, const HeadOptions& options) {
  const TaskHead& row = head_of(options.task);
  data::TaskSpec spec;
  spec.head = head;
  spec.task = options.task;
  spec.column = options.label.empty() ? head : options.label;
  spec.positive = options.positive;
  spec.negative = options.negative;
  spec.time_unit = options.time_unit;
  spec.inputs = options.inputs;
  if (!class_count(options)) spec.classes = options.classes;
  if (row.label != nullptr) row.label(options, spec);
  return spec;
}

}  // namespace photo51::radiogenomics

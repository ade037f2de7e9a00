#include "photo51/radiogenomics/heads/table.hpp"

#include <typeinfo>

#include "photo51/core/error.hpp"
#include "photo51/data/task/task_table.hpp"
#include "photo51/learners/estimator.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

/// The order is that of messages and of the reference.
data::TaskTable<TaskHead>& table() {
  static data::TaskTable<TaskHead> rows{"heads",
                                        "radiogenomics::add_head",
                                        {binary_head(), multiclass_head(), regression_head(), survival_head(),
                                         expression_head(), segmentation_head()}};
  return rows;
}

}  // namespace

void add_head(TaskHead row) {
  const bool complete = (row.make != nullptr || (row.make_map != nullptr && row.input != nullptr)) &&
                        row.make_options != nullptr && row.options != nullptr;
  table().add(std::move(row), complete);
}

const config::Components& head_components() {
  static config::Components components;
  for (size_t row = components.size(); row < table().rows().size(); ++row) {  // other code adds its own
    const TaskHead& one = table().rows()[row];
    components.push_back({one.task, data::task_named(one.task).help, one.make_options});
  }
  return components;
}

const TaskHead& head_of(const std::string& task) {
  return table().at(task);
}

const TaskHead& head_of(const config::Choice& head) {
  const TaskHead& row = head_of(head.name);
  const auto own = row.make_options();
  const config::Options* given = head.options.get();
  if (given == nullptr || typeid(*given) != typeid(*own))
    core::fail_usage("the options are not those of the task `" + head.name +
                     "`; fill its own struct (photo51/radiogenomics/heads/options.hpp) and pass it to "
                     "radiogenomics::head");
  return row;
}

const HeadOptions& head_options(const config::Choice& head) {
  return head_of(head).options(head);
}

const config::Choice& estimator_of(const config::Choice& head) {
  static const config::Choice none;
  const TaskHead& row = head_of(head);
  return row.estimator != nullptr ? row.estimator(head).estimator : none;
}

std::string* named_table(config::Choice& head) {
  const TaskHead& row = head_of(head);
  return row.table != nullptr ? &row.table(head) : nullptr;
}

Sees seen_by(const config::Choice& head) {
  if (head_of(head).make_map != nullptr) return Sees::maps;
  const config::Choice& estimator = estimator_of(head);
  if (estimator.empty()) return Sees::fusion;
  return learners::combines_heads(estimator) ? Sees::heads : Sees::embeddings;
}

const std::string& input_of(const config::Choice& head) {
  return head_of(head).input(head);
}

int64_t map_outputs(const data::TaskSpec& label) {
  return static_cast<int64_t>(label.classes.size()) + 1;
}

std::shared_ptr<Head> make_map_head(const config::Choice& head, const data::TaskSpec& label,
                                    const backbones::DecoderInput& network) {
  if (label.task != head.name)
    core::fail_usage("task: the head's is `" + head.name + "` and its label's is `" + label.task + "`");
  return head_of(head).make_map(head, label, network);
}

bool needs_event(const config::Choice& head) {
  const TaskHead& row = head_of(head);
  return row.needs_event != nullptr && row.needs_event(head);
}

data::TaskSpec task_spec(const std::string& name, const config::Choice& head) {
  const TaskHead& row = head_of(head);
  data::TaskSpec spec;
  spec.head = name;
  spec.task = head.name;
  spec.column = name;
  spec.inputs = row.options(head).inputs;
  if (row.column != nullptr && !row.column(head).label.empty()) spec.column = row.column(head).label;
  if (row.label != nullptr) row.label(head, spec);
  return spec;
}

}  // namespace photo51::radiogenomics

#include "data/task/rows.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

/// The order is that of messages and of the reference.
std::deque<Task>& table() {
  static std::deque<Task> rows{binary_task(),   multiclass_task(), regression_task(),
                               survival_task(), expression_task(), segmentation_task()};
  return rows;
}

}  // namespace

const std::deque<Task>& tasks() {
  return table();
}

const Task* find_task(const std::string& name) {
  for (const auto& row : table())
    if (row.name == name) return &row;
  return nullptr;
}

const Task& task_named(const std::string& name) {
  if (const Task* row = find_task(name)) return *row;
  std::vector<std::string> names;
  for (const auto& row : table()) names.push_back(row.name);
  core::fail_usage("there is no task `" + name + "`" + core::suggest(name, names) + "; tasks are " +
                   core::join(names, ", "));
}

const Task& task_of(const TaskSpec& spec) {
  if (const Task* row = find_task(spec.task)) return *row;
  return core::with_context("head " + spec.head, [&]() -> const Task& { return task_named(spec.task); });
}

void add_task(Task task) {
  const std::string who = "data::add_task: `" + task.name + "`";
  if (task.name.empty()) core::fail_usage(who + ": the task needs a name");
  if (find_task(task.name) != nullptr) core::fail_usage(who + ": there is such a task already");
  if (task.columns == nullptr || task.read == nullptr || task.collate == nullptr || task.counts == nullptr ||
      task.output_names == nullptr)
    core::fail_usage(who + ": columns, read, collate, counts and output_names have to be given");
  if (task.has_classes() && task.stratum == nullptr)
    core::fail_usage(who + ": a task with class_name needs stratum, by which classes are spread");
  table().push_back(std::move(task));
}

Task number_task(std::string name, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .columns = label_column,
          .collate = [](const TaskSpec&, const auto& labels) { return collate_numbers(labels); },
          .counts = known_count,
          .output_names = [](const TaskSpec&) { return std::vector<std::string>{""}; },
          .sides = {{"the label", false, false, label_value}}};
}

double label_value(const Case::Label& label) {
  return label.value;
}

std::vector<std::string> label_column(const TaskSpec& spec) {
  return {spec.column};
}

std::vector<std::string> words_named(const TaskSpec& spec) {
  auto named = spec.positive;
  named.insert(named.end(), spec.negative.begin(), spec.negative.end());
  return named;
}

std::string unknown_count(const LabelSample& labels) {
  return labels.unknown > 0 ? ", " + std::to_string(labels.unknown) + " unknown" : "";
}

std::string known_count(const TaskSpec&, const LabelSample& labels) {
  return std::to_string(labels.known.size()) + " known";
}

std::map<double, int64_t> class_counts(const LabelSample& labels, double (*stratum)(const Case::Label&)) {
  std::map<double, int64_t> counts;
  for (const auto* label : labels.known) ++counts[stratum(*label)];
  return counts;
}

std::string class_list(const Task& task, const TaskSpec& spec, const LabelSample& labels, size_t classes) {
  auto counts = class_counts(labels, task.stratum);
  std::string text;
  for (size_t i = 0; i < classes; ++i) {
    const auto value = static_cast<double>(i);
    text += (text.empty() ? "" : ", ") + task.class_name(spec, value) + " " + std::to_string(counts[value]);
  }
  return text;
}

void require_two_classes(const Task& task, const TaskSpec& spec, const LabelSample& labels,
                         const std::string& who) {
  const auto counts = class_counts(labels, task.stratum);
  if (counts.size() > 1) return;
  core::fail_data(who + "all " + std::to_string(labels.known.size()) + " known labels (column `" +
                  spec.column + "`) are of one class, " + task.class_name(spec, counts.begin()->first) +
                  "; a classifier needs two");
}

}  // namespace photo51::data

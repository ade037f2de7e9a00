#include "photo51/data/task/task_table.hpp"
#include "report/format_text.hpp"
#include "report/tasks/rows.hpp"

namespace photo51::report {
namespace {

data::TaskTable<TaskWording>& table() {
  static data::TaskTable<TaskWording> rows{
      "wording",
      "report::add_wording",
      {binary_wording(), multiclass_wording(), regression_wording(), survival_wording(), expression_wording(),
       segmentation_wording()}};
  return rows;
}

}  // namespace

void add_wording(TaskWording row) {
  const bool complete = row.question != nullptr && row.heading != nullptr && row.cell != nullptr &&
                        row.claim != nullptr && row.interval != nullptr && row.figures != nullptr &&
                        row.judge != nullptr;
  table().add(std::move(row), complete);
}

const TaskWording& wording_of(const std::string& task) {
  return table().at(task);
}

void require_wording(const std::vector<data::TaskSpec>& heads) {
  for (const auto& head : heads)
    core::with_context("model.heads." + head.head, [&] { wording_of(head.task); });
}

const std::deque<TaskWording>& wordings() {
  return table().rows();
}

std::string known_heading(const data::TaskSpec& spec) {
  return spec.head + ": known";
}

std::string known_cell(const TaskWording::Labels& known) {
  return std::to_string(known.size());
}

std::string hundredths_range(double low, double high) {
  return hundredths(low) + " to " + hundredths(high);
}

}  // namespace photo51::report

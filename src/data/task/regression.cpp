/// A number in a column of the manifest.

#include "data/task/rows.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/task/label_reader.hpp"

namespace photo51::data {
namespace {

std::vector<Case::Label> read_regression(const LabelSource& source, TaskSpec& spec) {
  const LabelReader reader(source, spec);
  const auto column = reader.find(spec.column);
  if (!column) return reader.unknown();
  return reader.read(*column, {}, [&](size_t row) -> Case::Label {
    if (is_unknown(source.cell(row, *column), {})) return {};
    return {.known = true, .value = reader.number(row, *column, "a number")};
  });
}

void check_regression(const TaskSpec& spec, const LabelSample& labels, const std::string& who) {
  if (class_counts(labels, label_value).size() < 2)
    core::fail_data(who + "all " + std::to_string(labels.known.size()) + " known values (column `" +
                    spec.column + "`) are the same; there is nothing to learn");
}

}  // namespace

Task regression_task() {
  Task task = number_task("regression", "a number");
  task.read = read_regression;
  task.check = check_regression;
  return task;
}

}  // namespace photo51::data

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
  return {.name = "regression",
          .help = "a number",
          .output = Output::values,
          .columns = label_column,
          .read = read_regression,
          .collate = [](const TaskSpec&, const auto& labels) { return collate_numbers(labels); },
          .counts = known_count,
          .check = check_regression,
          .output_names = [](const TaskSpec&) { return std::vector<std::string>{""}; },
          .sides = {{"the label", false, false, label_value}}};
}

}  // namespace photo51::data

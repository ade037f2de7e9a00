/// One of two classes, 0 and 1, as two words in a column of the manifest.

#include "data/task/rows.hpp"
#include "photo51/data/task/label_reader.hpp"

namespace photo51::data {
namespace {

std::vector<Case::Label> read_binary(const LabelSource& source, TaskSpec& spec) {
  const LabelReader reader(source, spec);
  const auto column = reader.find(spec.column);
  if (!column) return reader.unknown();
  const auto named = words_named(spec);
  const TwoWords words(source, spec, *column, TwoWords::Of::label);
  return reader.read(*column, named, [&](size_t row) -> Case::Label {
    const auto& cell = source.cell(row, *column);
    if (is_unknown(cell, named)) return {};
    const auto meaning = words.meaning(cell);
    // Words that are not known come only with labels that nobody requires.
    if (!meaning) reader.fail(row, *column, "a word that this head knows");
    return {.known = true, .value = *meaning ? 1.0 : 0.0};
  });
}

std::string class_name_binary(const TaskSpec& spec, double value) {
  return binary_name(spec, value != 0);
}

std::string counts_binary(const TaskSpec& spec, const LabelSample& labels) {
  return class_list(task_of(spec), spec, labels, 2);
}

void check_binary(const TaskSpec& spec, const LabelSample& labels, const std::string& who) {
  require_two_classes(task_of(spec), spec, labels, who);
}

}  // namespace

Task binary_task() {
  Task task = number_task("binary", "one of two classes");
  task.output = Output::probabilities;
  task.read = read_binary;
  task.stratum = label_value;
  task.counts = counts_binary;
  task.check = check_binary;
  task.class_name = class_name_binary;
  task.output_names = [](const TaskSpec&) { return std::vector<std::string>{"0", "1"}; };
  task.sides = {{"the label", true, false, label_value}};
  return task;
}

}  // namespace photo51::data

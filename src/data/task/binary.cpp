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
  return {.name = "binary",
          .help = "one of two classes",
          .output = Output::probabilities,
          .columns = label_column,
          .read = read_binary,
          .collate = [](const TaskSpec&, const auto& labels) { return collate_numbers(labels); },
          .stratum = label_value,
          .counts = counts_binary,
          .check = check_binary,
          .class_name = class_name_binary,
          .output_names =
              [](const TaskSpec&) {
                return std::vector<std::string>{"0", "1"};
              },
          .sides = {{"the label", true, false, label_value}}};
}

}  // namespace photo51::data

/// One of several classes, as words in a column of the manifest.

#include <algorithm>

#include "data/task/rows.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/label_reader.hpp"

namespace photo51::data {
namespace {

/// The class list: as given, or from the data in order (numbers by value).
std::vector<std::string> classes_of(const LabelSource& source, const TaskSpec& spec, size_t column) {
  std::optional<long long> count;
  if (spec.classes.size() == 1) count = core::parse_int(spec.classes[0]);
  if (!spec.classes.empty() && !count) return spec.classes;
  const auto words = words_of(source, column, {});
  if (const auto pair = alike(words, {}))
    core::fail_data(column_named(source, column) + ": " + *pair +
                    " differ only in how they are written (head " + spec.head +
                    "); write one of them, or name the classes with `classes`; the column holds " +
                    told(words));
  std::vector<std::string> names;
  for (const auto& [word, cells] : words) names.push_back(word);
  if (std::all_of(names.begin(), names.end(), [](const auto& name) { return core::parse_double(name); }))
    std::sort(names.begin(), names.end(),
              [](const auto& a, const auto& b) { return *core::parse_double(a) < *core::parse_double(b); });
  if (count && *count != static_cast<long long>(names.size()))
    core::fail_data(source.table.source + ": head " + spec.head + ": column `" + spec.column + "` has " +
                    std::to_string(names.size()) + " classes (" + core::join(names, ", ") +
                    "), but `classes` says " + std::to_string(*count));
  return names;
}

std::vector<Case::Label> read_multiclass(const LabelSource& source, TaskSpec& spec) {
  const LabelReader reader(source, spec);
  const auto column = reader.find(spec.column);
  if (!column) return reader.unknown();
  try {
    spec.classes = classes_of(source, spec, *column);
  } catch (const core::Error&) {
    if (source.require) throw;
  }
  const auto& classes = spec.classes;
  return reader.read(*column, classes, [&](size_t row) -> Case::Label {
    const auto& cell = source.cell(row, *column);
    if (is_unknown(cell, classes)) return {};
    const auto found = std::find(classes.begin(), classes.end(), cell);
    if (found == classes.end())
      reader.fail(row, *column, "a class of this head" + core::suggest(cell, classes),
                  "; the column holds " + told(words_of(source, *column, classes)));
    return {.known = true, .value = static_cast<double>(found - classes.begin())};
  });
}

std::string class_name_multiclass(const TaskSpec& spec, double value) {
  return spec.classes.at(static_cast<size_t>(value));
}

std::string counts_multiclass(const TaskSpec& spec, const LabelSample& labels) {
  return class_list(task_of(spec), spec, labels, spec.classes.size());
}

void check_multiclass(const TaskSpec& spec, const LabelSample& labels, const std::string& who) {
  require_two_classes(task_of(spec), spec, labels, who);
  const auto found = class_counts(labels, label_value);
  for (size_t value = 0; value < spec.classes.size(); ++value)
    if (!found.contains(static_cast<double>(value)))
      core::fail_data(who + "no patient is of class `" + spec.classes[value] + "` (column `" + spec.column +
                      "`; there is " + counts_multiclass(spec, labels) + unknown_count(labels) +
                      "); merge rare classes, set cohort.split.stratify: " + spec.head +
                      ", take fewer folds, or leave the class out");
}

}  // namespace

Task multiclass_task() {
  Task task = number_task("multiclass", "one of several classes");
  task.output = Output::probabilities;
  task.names_outputs = true;
  task.read = read_multiclass;
  task.stratum = label_value;
  task.counts = counts_multiclass;
  task.check = check_multiclass;
  task.class_name = class_name_multiclass;
  task.output_names = [](const TaskSpec& spec) { return spec.classes; };
  task.sides = {{"the label", true, true, label_value}};
  return task;
}

}  // namespace photo51::data

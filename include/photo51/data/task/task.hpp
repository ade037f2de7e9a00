#pragma once
/// The table of tasks: what kinds of labels there are, and all that depends on the kind in this room. Other
/// rooms key tables of their own by a row's name (heads, estimators, metrics, wording) and ask the row's
/// properties; nothing compares names.

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "photo51/data/load/case.hpp"
#include "photo51/data/task/label_source.hpp"
#include "photo51/data/task/targets.hpp"
#include "photo51/data/task/task_spec.hpp"

namespace photo51::data {

/// What a head's predicted numbers are.
enum class Output {
  probabilities,  ///< a number a class; a case's add up to one
  values,         ///< in the unit of the labels
  risk            ///< higher = the event comes earlier; without a unit
};

/// The labels of one head among some rows.
struct LabelSample {
  std::vector<const Case::Label*> known;
  int64_t unknown = 0;
};

/// ", 3 unknown"; empty when all are known.
std::string unknown_count(const LabelSample& labels);

/// One side of a label as a number a case, which a feature may turn out to be a copy of.
struct LabelSide {
  std::string what;         ///< "the label", "the times"
  bool classes = false;     ///< a class or an event; else a number
  bool categories = false;  ///< classes in no order
  double (*value)(const Case::Label&) = nullptr;
};

/// A row. Functions that a kind of labels has no use for are null, as said.
struct Task {
  std::string name;
  std::string help;
  Output output = Output::values;
  bool names_outputs = false;  ///< `TaskSpec::classes` names what is predicted: classes, genes
  bool has_events = false;     ///< a label is a time, and whether the event was seen then
  bool is_dense = false;       ///< a label is a class for every place of the image `TaskSpec::input`
  bool has_own_table = false;  ///< labels come from the file `TaskSpec::table`, not from the manifest

  /// The manifest's columns that the labels are in; may be none.
  std::vector<std::string> (*columns)(const TaskSpec&) = nullptr;
  /// A label for each row of the manifest. Fills in the spec's names where they come from the data. Errors
  /// (data) with file:line when the source requires labels.
  std::vector<Case::Label> (*read)(const LabelSource&, TaskSpec&) = nullptr;
  /// Of a batch; a null label is unknown.
  Targets (*collate)(const TaskSpec&, const std::vector<const Case::Label*>&) = nullptr;
  /// What splits, folds and samplers spread evenly: the class, or whether the event was seen. Null for labels
  /// without classes.
  double (*stratum)(const Case::Label&) = nullptr;
  /// "IDH 12, wild type 30", "9 events, 14 censored", "33 known".
  std::string (*counts)(const TaskSpec&, const LabelSample&) = nullptr;
  /// Error (data) that begins with `who` when there is nothing to learn from; at least one label is known.
  /// Null where any label will do.
  void (*check)(const TaskSpec&, const LabelSample&, const std::string& who) = nullptr;
  /// A class as the manifest words it. Null for tasks without classes.
  std::string (*class_name)(const TaskSpec&, double value) = nullptr;
  /// Names of the predicted numbers of a case, by which predictions.csv has a row each; {""} for one number
  /// that needs no name.
  std::vector<std::string> (*output_names)(const TaskSpec&) = nullptr;
  /// Empty = features are not compared with such labels.
  std::vector<LabelSide> sides = {};

  bool has_classes() const { return class_name != nullptr; }
  /// Classes whose names stand in `TaskSpec::classes`, not two that are fixed.
  bool has_named_classes() const { return has_classes() && names_outputs; }
  bool is_risk() const { return output == Output::risk; }
};

const std::deque<Task>& tasks();
/// Null when there is none.
const Task* find_task(const std::string& name);
/// Errors (usage): no such task, with the nearest name.
const Task& task_named(const std::string& name);
const Task& task_of(const TaskSpec& spec);

/// Adds a row, for all rooms; to be called before a config is read, from one thread. A head (and metrics and
/// wording, to score and report it) have to be added for it too. Errors (usage): a name that is taken, a
/// function that is missing.
void add_task(Task task);

/// The usual collation: a number a case.
Targets collate_numbers(const std::vector<const Case::Label*>& labels);

}  // namespace photo51::data

#pragma once
/// The rows that the table begins with, and what several of them share.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/task/label_words.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {

Task binary_task();
Task multiclass_task();
Task regression_task();
Task survival_task();
Task expression_task();
Task segmentation_task();

/// A label is one number in a column of the manifest, and one number is predicted: all but `read`.
Task number_task(std::string name, std::string help);

double label_value(const Case::Label& label);
std::vector<std::string> label_column(const TaskSpec& spec);
/// Of two words: those that the head names.
std::vector<std::string> words_named(const TaskSpec& spec);
/// "33 known".
std::string known_count(const TaskSpec& spec, const LabelSample& labels);
/// How many labels there are of each class, by `stratum`.
std::map<double, int64_t> class_counts(const LabelSample& labels, double (*stratum)(const Case::Label&));
/// "IDH 12, wild type 30" of the classes 0 to `classes` - 1.
std::string class_list(const Task& task, const TaskSpec& spec, const LabelSample& labels, size_t classes);
/// Error (data) when all labels are of one class.
void require_two_classes(const Task& task, const TaskSpec& spec, const LabelSample& labels,
                         const std::string& who);

}  // namespace photo51::data

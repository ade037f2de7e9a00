#pragma once
/// The rows that the table of wording begins with.

#include <deque>

#include "photo51/report/task_wording.hpp"

namespace photo51::report {

TaskWording binary_wording();
TaskWording multiclass_wording();
TaskWording regression_wording();
TaskWording survival_wording();
TaskWording expression_wording();
TaskWording segmentation_wording();
const std::deque<TaskWording>& wordings();

/// "idh: known" and how many are.
std::string known_heading(const data::TaskSpec& spec);
std::string known_cell(const TaskWording::Labels& known);
/// "75 to 91": in 100.
std::string hundredths_range(double low, double high);

}  // namespace photo51::report

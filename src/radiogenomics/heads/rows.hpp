#pragma once
/// The rows that the table of heads begins with, and what their modules share.

#include <ATen/core/Tensor.h>

#include "photo51/radiogenomics/heads/table.hpp"

namespace photo51::radiogenomics {

TaskHead binary_head();
TaskHead multiclass_head();
TaskHead regression_head();
TaskHead survival_head();
TaskHead expression_head();
std::shared_ptr<Head> make_cox_head(int64_t width);
std::shared_ptr<Head> make_discrete_time_head(int64_t bins, int64_t width);
/// Of any task that has estimators.
std::shared_ptr<Head> make_estimator_head(const HeadOptions& options, const data::TaskSpec& label);

/// A buffer of the given numbers, which `fit` overwrites.
at::Tensor filled(at::IntArrayRef shape, double value);
/// Error (data) when no label is known.
at::Tensor known_values(const data::Targets& training);
/// Error (data) when no event is known.
void require_event(const data::Targets& training);
/// Of a buffer from a file; NaN is never right.
void require_all(const at::Tensor& right, const std::string& what);
/// Error (usage) when the options' task has no heads, or is not the label's.
const TaskHead& require_task(const HeadOptions& options, const data::TaskSpec& label);
/// Error (usage) when the names of the classes are not known, or not as many as the options say.
void require_class_names(const HeadOptions& options, const data::TaskSpec& label);

}  // namespace photo51::radiogenomics

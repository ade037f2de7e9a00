#pragma once
/// The rows that the table of heads begins with, and what their modules share.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "photo51/radiogenomics/heads/table.hpp"

namespace photo51::radiogenomics {

TaskHead binary_head();
TaskHead multiclass_head();
TaskHead regression_head();
TaskHead survival_head();
TaskHead expression_head();
TaskHead segmentation_head();
std::shared_ptr<Head> make_cox_head(int64_t width);
std::shared_ptr<Head> make_discrete_time_head(int64_t bins, int64_t width);
/// Of any task that has estimators. `balanced`: all classes weigh the same.
std::shared_ptr<Head> make_estimator_head(const EstimatorHeadOptions& options, bool balanced,
                                          const data::TaskSpec& label);
/// `classes: 4`: how many, where the names come from the data; nothing when names were given.
std::optional<int64_t> class_count(const MulticlassHeadOptions& options);

/// A buffer of the given numbers, which `fit` overwrites.
at::Tensor filled(at::IntArrayRef shape, double value);
/// Error (data) when no label is known.
at::Tensor known_values(const data::Targets& training);
/// Error (data) when no event is known.
void require_event(const data::Targets& training);
/// Of a buffer from a file; NaN is never right.
void require_all(const at::Tensor& right, const std::string& what);

}  // namespace photo51::radiogenomics

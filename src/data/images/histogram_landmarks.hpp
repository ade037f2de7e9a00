#pragma once
/// What image inputs learn from the training part: the landmarks of histogram standardisation.

#include <ATen/core/Tensor.h>

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "data/cohort/cohort_impl.hpp"

namespace photo51::data {

/// By channel, the mean landmarks of the training rows. Errors (data): a training image that cannot be read
/// (unless bad cases are skipped), a channel that no training patient has.
nlohmann::json fit_image(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train);

/// Landmarks by channel; none when the input learns nothing. Error (data): they are not those of such
/// channels.
using Landmarks = std::vector<std::vector<double>>;
Landmarks landmarks_of(const Cohort::Impl& cohort, size_t input, const nlohmann::json& fitted);

/// `values` [C (+ mask), D, H, W] as they are cached, with the landmarks learned; the same tensor when there
/// are none.
at::Tensor with_landmarks(const at::Tensor& values, const Landmarks& landmarks);

}  // namespace photo51::data

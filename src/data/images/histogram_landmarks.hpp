#pragma once
/// What image inputs learn from the training part: the landmarks of histogram standardisation.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/modality/modality.hpp"

namespace photo51::data {

using Landmarks = std::vector<std::vector<double>>;

/// The mean landmarks of each channel; additive by the images behind them.
struct FittedLandmarks final : FittedInput {
  Landmarks landmarks;                         ///< by channel
  std::optional<std::vector<int64_t>> counts;  ///< images by channel; a file does not keep them

  nlohmann::json to_json() const override;
  std::shared_ptr<const FittedInput> merged(const FittedInput& other) const override;
};

/// Landmarks by channel; none when the input learns none. Error (data): nothing was fitted.
Landmarks landmarks_of(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted);

/// `values` [C (+ mask), D, H, W] as they are cached, with the landmarks learned; the same tensor when there
/// are none.
at::Tensor with_landmarks(const at::Tensor& values, const Landmarks& landmarks);

}  // namespace photo51::data

#pragma once
/// Masks as the metrics of segmentation take them.

#include <ATen/core/Tensor.h>

#include <span>

namespace photo51::evaluation {

/// A pair of masks that were checked.
struct MaskPair {
  /// Errors as in segmentation.hpp.
  MaskPair(const at::Tensor& predicted, const at::Tensor& truth);
  MaskPair(const at::Tensor& predicted, const at::Tensor& truth, std::span<const double> spacing);

  at::Tensor predicted, truth;  ///< bool
};

/// Both cut to the smallest box around what is inside either; undefined tensors where that is nothing.
MaskPair cropped(const MaskPair& masks);

}  // namespace photo51::evaluation

#pragma once
/// The labels of one head for the cases of a batch.

#include <ATen/core/Tensor.h>

namespace photo51::data {

/// On the host; what is unknown holds zeros.
struct Targets {
  /// float32 [B]: 0/1, class index, target, or time (days) for survival; expression: [B, genes]
  at::Tensor value;
  at::Tensor event;  ///< [B] bool, tasks with events only: true = it was observed, false = censored
  at::Tensor known;  ///< bool [B]; or [B, K] of a task of K labels a case, any of which may be unknown
  /// Segmentation, of cases that were loaded with their maps: int64 [B, ...] of the places of the input's
  /// values, class numbers (0 = background), -1 = not known; all -1 where `known` is false.
  at::Tensor map = {};
};

/// Indices [R] int64 of the cases of which a label is known.
at::Tensor known_rows(const Targets& targets);

}  // namespace photo51::data

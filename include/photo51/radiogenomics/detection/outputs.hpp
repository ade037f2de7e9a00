#pragma once
/// What the detection head says, what it learns, and what is found.

#include <ATen/core/Tensor.h>

#include <vector>

#include "photo51/radiogenomics/detection/anchors.hpp"

namespace photo51::radiogenomics {

struct DetectionOutputs {
  at::Tensor logits;  ///< [B, A, K], one a class; there is none for "nothing"
  at::Tensor deltas;  ///< [B, A, 2 * dims], see box_coding.hpp
  Anchors anchors;    ///< of every image
};

/// The lesions of one image, perhaps none.
struct BoxTargets {
  at::Tensor boxes;   ///< [N, 2 * dims] float32
  at::Tensor labels;  ///< [N] int64, 0 to K - 1
};

/// Found in one image, the highest score first.
struct Detections {
  at::Tensor boxes;   ///< [N, 2 * dims] float32 (float64 where the head computes so)
  at::Tensor scores;  ///< [N], 0 to 1
  at::Tensor labels;  ///< [N] int64
};

struct DetectionLosses {
  at::Tensor classes, boxes;  ///< scalars

  at::Tensor total() const { return classes + boxes; }
};

}  // namespace photo51::radiogenomics

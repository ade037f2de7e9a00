#pragma once
/// The losses of detection, differentiable in their first argument.

#include <ATen/core/Tensor.h>

#include "photo51/radiogenomics/detection/options.hpp"

namespace photo51::radiogenomics {

/// Lin et al. 2017, of each logit and its target (0 or 1), of any one shape:
/// -alpha_t (1 - p_t)^gamma log p_t, computed from logits so that none over- or underflows.
at::Tensor sigmoid_focal_loss(const at::Tensor& logits, const at::Tensor& targets, double alpha = 0.25,
                              double gamma = 2);

/// The sum over pairs. `deltas` [N, 2 * dims] are relative to `anchors`, `boxes` are those to learn. l1 and
/// smooth_l1 compare the deltas, giou the boxes: 1 - GIoU. A scalar; 0 with a graph for N = 0.
at::Tensor box_loss(const at::Tensor& deltas, const at::Tensor& anchors, const at::Tensor& boxes,
                    const DetectionLossOptions& options, const BoxCodingOptions& coding);

}  // namespace photo51::radiogenomics

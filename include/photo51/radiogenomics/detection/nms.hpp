#pragma once
/// Non-maximum suppression.

#include <ATen/core/Tensor.h>

namespace photo51::radiogenomics {

/// Indices [K] int64 of the boxes to keep, the highest score first, of equal scores the first of the list: a
/// box goes when it overlaps one that stays, of its label, by more than `iou_threshold`. `boxes` [N, 2 *
/// dims], `scores` [N], `labels` [N] int64, or undefined: all of one. With `most` not negative, no more than
/// so many. Computed on the host in float32 (float64 for such boxes), at most N times K overlaps. Errors:
/// usage, not as many scores or labels as boxes, a threshold outside 0 to 1; run, a score or box that is not
/// finite.
at::Tensor suppress_overlaps(const at::Tensor& boxes, const at::Tensor& scores, const at::Tensor& labels,
                             double iou_threshold, int64_t most = -1);

}  // namespace photo51::radiogenomics

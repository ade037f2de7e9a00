#pragma once
/// Boxes told relative to anchors (Girshick et al., CVPR 2014): shifts of the centre in edges of the anchor,
/// then logarithms of the ratio of edges, each times a weight; [N, 2 * dims], axes as in boxes.hpp.

#include <ATen/core/Tensor.h>

#include "photo51/radiogenomics/detection/options.hpp"

namespace photo51::radiogenomics {

/// Both [N, 2 * dims], with edges above 0. Errors (usage): another number of boxes than of anchors, of axes
/// or of weights.
at::Tensor encode_boxes(const at::Tensor& boxes, const at::Tensor& anchors,
                        const BoxCodingOptions& coding = {});
/// The inverse, but no edge grows by more than exp(most_growth). In the type of `deltas`.
at::Tensor decode_boxes(const at::Tensor& deltas, const at::Tensor& anchors,
                        const BoxCodingOptions& coding = {});

}  // namespace photo51::radiogenomics

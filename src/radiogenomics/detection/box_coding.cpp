#include "photo51/radiogenomics/detection/box_coding.hpp"

#include <torch/nn/module.h>

#include "photo51/core/error.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"

namespace photo51::radiogenomics {
namespace {

/// [2 * dims], as `like`; checks that the pairs fit.
at::Tensor coding_weights(const at::Tensor& like, const at::Tensor& anchors, const BoxCodingOptions& coding) {
  const int64_t values = 2 * box_dims(anchors);
  if (like.dim() != 2 || like.size(0) != anchors.size(0) || like.size(1) != values)
    core::fail_usage("a box or its deltas go with each of " + std::to_string(anchors.size(0)) +
                     " anchors of " + std::to_string(values / 2) + " axes");
  if (coding.weights.empty()) return at::ones({values}, like.options());
  if (static_cast<int64_t>(coding.weights.size()) != values)
    core::fail_usage("coding.weights: " + std::to_string(coding.weights.size()) + " numbers for boxes of " +
                     std::to_string(values / 2) + " axes, which have " + std::to_string(values));
  return at::tensor(coding.weights, at::kDouble).to(like.options());
}

}  // namespace

at::Tensor encode_boxes(const at::Tensor& boxes, const at::Tensor& anchors, const BoxCodingOptions& coding) {
  const at::Tensor weights = coding_weights(boxes, anchors, coding);
  const at::Tensor edges = box_edges(anchors);
  return at::cat({(box_centres(boxes) - box_centres(anchors)) / edges, (box_edges(boxes) / edges).log()}, 1) *
         weights;
}

at::Tensor decode_boxes(const at::Tensor& deltas, const at::Tensor& anchors, const BoxCodingOptions& coding) {
  const at::Tensor plain = deltas / coding_weights(deltas, anchors, coding);
  const int64_t dims = box_dims(anchors);
  const at::Tensor of = anchors.to(deltas.scalar_type()), edges = box_edges(of);
  const at::Tensor centres = plain.narrow(1, 0, dims) * edges + box_centres(of);
  const at::Tensor half = plain.narrow(1, dims, dims).clamp_max(coding.most_growth).exp() * edges / 2;
  return at::cat({centres - half, centres + half}, 1);
}

}  // namespace photo51::radiogenomics

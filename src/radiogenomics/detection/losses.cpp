#include "photo51/radiogenomics/detection/losses.hpp"

#include <torch/nn/module.h>

#include "photo51/radiogenomics/detection/box_coding.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"

namespace photo51::radiogenomics {

at::Tensor sigmoid_focal_loss(const at::Tensor& logits, const at::Tensor& targets, double alpha,
                              double gamma) {
  const at::Tensor p = logits.sigmoid();
  const at::Tensor entropy =
      at::binary_cross_entropy_with_logits(logits, targets, {}, {}, at::Reduction::None);
  const at::Tensor of_target = p * targets + (1 - p) * (1 - targets);
  return (alpha * targets + (1 - alpha) * (1 - targets)) * (1 - of_target).pow(gamma) * entropy;
}

at::Tensor box_loss(const at::Tensor& deltas, const at::Tensor& anchors, const at::Tensor& boxes,
                    const DetectionLossOptions& options, const BoxCodingOptions& coding) {
  if (options.boxes == BoxLoss::giou)
    return (1 - paired_giou(decode_boxes(deltas, anchors, coding), boxes)).sum();
  const at::Tensor wanted = encode_boxes(boxes, anchors, coding).to(deltas.scalar_type());
  if (options.boxes == BoxLoss::l1) return (deltas - wanted).abs().sum();
  return at::smooth_l1_loss(deltas, wanted, at::Reduction::None, options.beta).sum();
}

}  // namespace photo51::radiogenomics

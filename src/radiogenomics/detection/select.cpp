#include "photo51/radiogenomics/detection/select.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/radiogenomics/detection/box_coding.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"
#include "photo51/radiogenomics/detection/nms.hpp"

namespace photo51::radiogenomics {
namespace {

/// Of one level of one image, [A, K] and [A, 2 * dims].
Detections best_of_level(const at::Tensor& logits, const at::Tensor& deltas, const at::Tensor& anchors,
                         at::IntArrayRef image_size, const SelectOptions& options,
                         const BoxCodingOptions& coding) {
  const at::Tensor all = logits.sigmoid().flatten();
  const at::Tensor above = (all > options.score_threshold).nonzero().squeeze(1);
  const at::Tensor order =
      all.index_select(0, above).argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  const at::Tensor best =
      above.index_select(0, order.narrow(0, 0, std::min(order.size(0), options.candidates)));
  const at::Tensor rows = best.div(logits.size(1), "floor");
  const at::Tensor boxes = clip_boxes(
      decode_boxes(deltas.index_select(0, rows), anchors.index_select(0, rows), coding), image_size);
  const at::Tensor large = (box_edges(boxes) >= options.least_edge).all(1).nonzero().squeeze(1);
  return {boxes.index_select(0, large), all.index_select(0, best).index_select(0, large),
          best.remainder(logits.size(1)).index_select(0, large)};
}

}  // namespace

std::vector<Detections> select_detections(const DetectionOutputs& outputs, at::IntArrayRef image_size,
                                          const SelectOptions& options, const BoxCodingOptions& coding) {
  const auto wide = [](const at::Tensor& values) {
    return values.scalar_type() == at::kDouble ? values : values.to(at::kFloat);
  };
  const at::Tensor logits = wide(outputs.logits.detach()), deltas = wide(outputs.deltas.detach());
  std::vector<Detections> images;
  for (int64_t image = 0; image < logits.size(0); ++image) {
    std::vector<at::Tensor> boxes, scores, labels;
    for (size_t level = 0; level < outputs.anchors.places.size(); ++level) {
      const auto of_level = [&](const at::Tensor& values) {
        return values.narrow(0, outputs.anchors.begin(level), outputs.anchors.count(level));
      };
      const Detections found = best_of_level(of_level(logits[image]), of_level(deltas[image]),
                                             of_level(outputs.anchors.boxes), image_size, options, coding);
      boxes.push_back(found.boxes);
      scores.push_back(found.scores);
      labels.push_back(found.labels);
    }
    const Detections all{at::cat(boxes), at::cat(scores), at::cat(labels)};
    const at::Tensor kept =
        suppress_overlaps(all.boxes, all.scores, all.labels, options.iou_threshold, options.detections);
    images.push_back({all.boxes.index_select(0, kept), all.scores.index_select(0, kept),
                      all.labels.index_select(0, kept)});
  }
  return images;
}

}  // namespace photo51::radiogenomics

#pragma once
/// Detections of overlapping windows, of turned images and of several models, made one.

#include <span>
#include <string_view>
#include <vector>

#include "photo51/radiogenomics/detection/outputs.hpp"

namespace photo51::radiogenomics {

/// cluster: Jaeger et al., Retina U-Net, ML4H 2020 (arXiv 1811.08661), see below; nms: the boxes with the
/// highest weighted scores stay as they are.
enum class MergeKind { cluster, nms };
std::span<const std::string_view> enum_names(MergeKind);

struct MergeOptions {
  MergeKind kind = MergeKind::cluster;
  double iou_threshold = 0.2;     ///< boxes of a class that overlap the best by more are of one lesion
  double score_threshold = 0.01;  ///< what is below is left out
  int64_t detections = 100;       ///< an image
};
void describe(config::Fields& f, MergeOptions& o);

/// What one model found in one window of an image.
struct WindowDetections {
  Detections found;             ///< boxes in voxels of the image
  std::vector<int64_t> corner;  ///< the window's first voxel, ([z,] y, x)
  std::vector<int64_t> size;    ///< of the window
};

/// How far from the borders of its window a box's centre is: the mean over the axes of exp(-d^2 / (2 (0.8
/// h)^2)), d from the window's middle, h half of its edge; [N], above 0, 1 in the middle.
at::Tensor place_importance(const at::Tensor& boxes, const std::vector<int64_t>& corner,
                            const std::vector<int64_t>& size);

/// Weighted box clustering. The best box that is left and those of its class that overlap it by more than
/// the threshold are a cluster; a box of it weighs w = IoU with the best * volume * importance of its place.
/// Corners are the mean weighted by score * w. The score is sum(score * w) / (sum(w) + missing * mean(w)):
/// missing are the windows that cover the cluster, by the mean over its boxes of how many lie around a
/// box's volume, less those that found something of it. So a box that one of four windows found counts a
/// quarter. Every window of every model that looked has to be there, also those that found nothing. Errors
/// (usage): no window; windows of other axes than their boxes, or of no extent.
Detections merge_windows(const std::vector<WindowDetections>& windows, const MergeOptions& options = {});

}  // namespace photo51::radiogenomics

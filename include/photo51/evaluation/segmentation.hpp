#pragma once
/// How well a mask agrees with that of an expert. Masks are [H, W] or [D, H, W] on the host, bool or whole
/// numbers of which what is not 0 is inside; `spacing` is mm along their axes (z, y, x or y, x). Formulas,
/// and what empty masks mean: docs/segmentation_metrics.md.
///
/// Error (usage): masks of two shapes, of another number of axes or type, or a spacing that does not fit.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace photo51::evaluation {

/// Elements of two masks.
struct Overlap {
  int64_t both = 0, predicted = 0, truth = 0;
};
Overlap overlap_of(const at::Tensor& predicted, const at::Tensor& truth);

/// Where a fraction has nothing below its line it is NaN: all of them with two empty masks, sensitivity
/// without truth, precision without prediction.
double dice(const Overlap& overlap);  ///< 2 both / (predicted + truth)
double iou(const Overlap& overlap);   ///< both / (predicted + truth - both)
double sensitivity(const Overlap& overlap);
double precision(const Overlap& overlap);

/// What stands for the surface of a mask, beyond whose grid all is outside.
enum class Surface {
  /// Marching cubes (squares on a plane) between the centres of voxels: an element sits where 8 (4) voxels
  /// meet and weighs its area (length), as in DeepMind's surface-distance (Nikolov et al. 2021,
  /// doi:10.2196/26151). A percentile is the first distance up to which so much of the area lies.
  cubes,
  /// Voxels inside that share a face with one outside, each of weight 1, as in MONAI. A percentile lies
  /// between
  /// the two nearest by linear interpolation.
  voxels
};

/// Distances in mm of the elements of one surface to the nearest of the other, ascending, and their weights.
/// Infinite where there is no other.
struct SurfaceDistances {
  struct Side {
    std::vector<double> distance, weight;
  };
  Side predicted;  ///< from the predicted surface to the true one
  Side truth;      ///< from the true surface to the predicted one
  Surface surface = Surface::cubes;
};
SurfaceDistances surface_distances(const at::Tensor& predicted, const at::Tensor& truth,
                                   std::span<const double> spacing, Surface surface = Surface::cubes);

// Of the next three the first two are NaN with two empty masks and infinite with one; the last is NaN and 0.

/// The larger of both sides' percentile (0 to 100) in mm: 95 is HD95, 100 the Hausdorff distance.
double hausdorff(const SurfaceDistances& distances, double percentile = 95);
/// Mean over both surfaces, by weight (ASSD), in mm.
double average_surface_distance(const SurfaceDistances& distances);
/// The part of both surfaces, by weight, that is at most `tolerance` mm from the other (NSD).
double surface_dice(const SurfaceDistances& distances, double tolerance);

/// All of it for one class.
struct MaskScores {
  double dice = 0, iou = 0, sensitivity = 0, precision = 0;
  double hd95 = 0, assd = 0;  ///< mm
  double nsd = 0;
  double predicted_volume = 0, true_volume = 0;  ///< mm³, on a plane mm²
  double volume_difference = 0;                  ///< (predicted - true) / true; NaN without truth
};
MaskScores mask_scores(const at::Tensor& predicted, const at::Tensor& truth, std::span<const double> spacing,
                       double tolerance);
/// For each class 1 .. classes - 1 of maps of classes. Places where `truth` is below 0 are not known and
/// count nowhere: there is no class there in either map. Error (usage) for fewer than 2 classes too.
std::vector<MaskScores> class_scores(const at::Tensor& predicted, const at::Tensor& truth, int64_t classes,
                                     std::span<const double> spacing, double tolerance);

}  // namespace photo51::evaluation

#pragma once
/// Spacing, patch, pooling and batch of a U-Net from the grids of a cohort's images, by the published rules
/// of nnU-Net (Isensee et al., nnU-Net: a self-configuring method for deep learning-based biomedical image
/// segmentation, Nature Methods 2021, online methods), with the numbers of the planner of version 2.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace photo51::training {

/// An image, cut to the box of its voxels that are not 0; axes z, y, x.
struct CaseGrid {
  std::array<double, 3> spacing{1, 1, 1};  ///< mm
  std::array<int64_t, 3> size{1, 1, 1};
};

struct UnetRequest {
  int64_t dims = 3;      ///< 3, or 2: slices across the coarsest axis
  int64_t classes = 2;   ///< of the map, background included
  double memory_gb = 8;  ///< of the GPU; the rules were set for 8
  int64_t cases = 0;     ///< of the cohort, when only some were measured; 0 = those of the grids
};

/// All lists by axis are in the order of `axes`.
struct UnetPlan {
  std::vector<size_t> axes;         ///< which of z, y, x: the coarsest first; two of a 2D plan
  std::vector<double> spacing;      ///< mm
  std::vector<double> median_size;  ///< of the images at that spacing
  std::vector<int64_t> patch;
  std::vector<std::vector<int64_t>> strides;  ///< of each stage, 1 or 2 an axis; the first stage has 1
  std::vector<std::vector<int64_t>> kernels;  ///< of each stage, 1 or 3 an axis
  std::vector<int64_t> features;              ///< of each stage
  int64_t batch_size = 2;
  bool resampled_to_10th = false;  ///< the coarse axis has the 10th percentile, not the median
  double feature_maps = 0;         ///< numbers in all maps of one patch
  double allowed_maps = 0;         ///< in those of the smallest batch, by `memory_gb`
};

/// The axes' median spacing; the coarsest has the 10th percentile where it is more than 3 times as coarse as
/// the others and has less than a third of their voxels. The patch has the shape of a cube in mm, at most the
/// median image, is divisible by the pooling, and shrinks where it is largest beside the median image until
/// two fit into the memory; what is left makes the batch larger, up to 5 % of the cohort's voxels. Errors
/// (usage): no grids, a spacing or size that is not above 0, 3D of images of one slice, too little memory.
UnetPlan plan_unet(const std::vector<CaseGrid>& grids, const UnetRequest& request);

/// The spacing of the rules above for z, y, x, and whether the coarsest axis has the 10th percentile.
std::array<double, 3> target_spacing(const std::vector<CaseGrid>& grids, bool& resampled_to_10th);

struct Pooling {
  std::vector<std::vector<int64_t>> strides, kernels;
  std::vector<int64_t> divisor;  ///< of a patch's size
};
/// Axes are halved while 4 voxels remain and their voxels are less than twice as long as the shortest;
/// kernels reach along an axis once its voxels are.
Pooling pool_axes(const std::vector<double>& spacing, const std::vector<double>& size);

/// The numbers in all feature maps of a plain U-Net with two convolutions a stage.
double feature_maps_of(const std::vector<int64_t>& patch, const std::vector<std::vector<int64_t>>& strides,
                       const std::vector<int64_t>& features, int64_t classes);

/// The value of each of z, y, x; `absent` for the axis that a 2D plan does not have.
template <class T>
std::array<T, 3> by_zyx(const UnetPlan& plan, const std::vector<T>& values, T absent) {
  std::array<T, 3> found{absent, absent, absent};
  for (size_t i = 0; i < plan.axes.size(); ++i) found[plan.axes[i]] = values[i];
  return found;
}

}  // namespace photo51::training

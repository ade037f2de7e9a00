#pragma once
/// Boxes in an image: [N, 2 * dims], float32 unless said otherwise, dims 2 or 3: the corner nearest to the
/// image's first voxel, then the opposite one, ([z,] y, x) each, as tensors have their axes. In voxels, where
/// voxel i covers i to i + 1: an image of n voxels covers 0 to n, and what is at voxel index c (ITK's, the
/// voxel's middle) is at c + 0.5. Other libraries have x first: their boxes are ours with the axes reversed.

#include <ATen/core/Tensor.h>

namespace photo51::radiogenomics {

/// 2 or 3. Error (usage): the tensor is no [N, 4] or [N, 6] of a floating type.
int64_t box_dims(const at::Tensor& boxes);

/// The boxes of spheres, or of ellipsoids along the axes. `centres` [N, dims], `radii` [N], or [N, dims]
/// where voxels are not cubes; in voxels as above. Error (usage): other shapes.
at::Tensor boxes_around(const at::Tensor& centres, const at::Tensor& radii);
at::Tensor box_centres(const at::Tensor& boxes);  ///< [N, dims]
at::Tensor box_edges(const at::Tensor& boxes);    ///< [N, dims], their lengths
at::Tensor box_volumes(const at::Tensor& boxes);  ///< [N], areas in 2D

/// What of each box lies within an image of `size` voxels ([z,] y, x). Error (usage): of other axes.
at::Tensor clip_boxes(const at::Tensor& boxes, at::IntArrayRef size);

/// Intersection over union of each of `a` [N, ...] with each of `b` [M, ...]: [N, M], 0 where both are empty.
at::Tensor box_iou(const at::Tensor& a, const at::Tensor& b);
/// Generalised (Rezatofighi et al., CVPR 2019): IoU - (C - union) / C, C of the smallest box around both;
/// -1 to 1.
at::Tensor box_giou(const at::Tensor& a, const at::Tensor& b);
/// The same of pairs: [N] of two [N, ...]. Error (usage): they are not as many.
at::Tensor paired_giou(const at::Tensor& a, const at::Tensor& b);

}  // namespace photo51::radiogenomics

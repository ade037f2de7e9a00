#pragma once
/// Anchors: the boxes that detection begins with, of the same shapes at each place of a level.

#include <ATen/core/Tensor.h>

#include <vector>

#include "photo51/radiogenomics/detection/options.hpp"

namespace photo51::radiogenomics {

struct Anchors {
  /// [A, 2 * dims] float32 as in boxes.hpp: the levels one after the other, finest first; of a level its
  /// places, x fastest; of a place its shapes, the ratios one after the other, of each the scales.
  at::Tensor boxes;
  std::vector<int64_t> places{};  ///< of each level
  int64_t per_place = 1;

  /// Of a level: its first anchor, and how many there are.
  int64_t begin(size_t level) const;
  int64_t count(size_t level) const { return places[level] * per_place; }
};

/// Anchors a place. Error (usage): the aspect ratios are not as many as the axes ask for.
int64_t anchors_per_place(const AnchorOptions& options, int64_t dims);
/// Edges of a level's anchors, [per_place, dims] float32 on the host. Error (usage): as above.
at::Tensor anchor_edges(const AnchorOptions& options, int64_t dims, size_t level);

/// `grids` are the places of each level along the axes, `image_size` the voxels ([z,] y, x). On `device`.
/// Errors (usage): not as many levels as sizes; a grid of other axes than the image, without places or with
/// more than voxels.
Anchors make_anchors(const AnchorOptions& options, const std::vector<std::vector<int64_t>>& grids,
                     at::IntArrayRef image_size, at::Device device = at::kCPU);

}  // namespace photo51::radiogenomics

#include "photo51/preprocess/geometry/restore.hpp"

#include <string>

#include "photo51/core/error.hpp"
#include "preprocess/geometry/affine.hpp"

namespace photo51::preprocess {

at::Tensor restore(const at::Tensor& map, const imaging::Geometry& prepared, const imaging::Geometry& grid,
                   const Augmentation& augmentation, const ops::ResampleOptions& options) {
  const auto text = [](const imaging::Geometry& g) {
    return std::to_string(g.size[0]) + " x " + std::to_string(g.size[1]) + " x " + std::to_string(g.size[2]);
  };
  if (!map.defined() || map.dim() != 4 || map.size(3) != prepared.size[0] ||
      map.size(2) != prepared.size[1] || map.size(1) != prepared.size[2])
    core::fail_usage("restore: the map is not [C, D, H, W] of the prepared image's " + text(prepared) +
                     " voxels");
  if (!augmentation.elastic.values.empty())
    core::fail_usage("restore: an elastic augmentation has no exact inverse; leave it out at test time");
  const AffineMap to_prepared = compose(inverse(world_of(prepared)), world_of(grid));
  return ops::resample(map, compose(inverse(augmentation_map(prepared, augmentation)), to_prepared),
                       grid.size, options);
}

}  // namespace photo51::preprocess

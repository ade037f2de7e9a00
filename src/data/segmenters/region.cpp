#include "data/segmenters/region.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>
#include <vector>

#include "photo51/ops/components.hpp"
#include "radiomics/region/voxels.hpp"

namespace photo51::data {
at::Tensor largest_piece(const at::Tensor& mask) {
  const auto pieces = ops::connected_components(mask, ops::Neighbours::corners);
  return pieces.parts.empty() ? mask.clone() : pieces.labels.eq(pieces.largest() + 1);
}

at::Tensor without_holes(const at::Tensor& mask) {
  const auto outside = ops::connected_components(mask.logical_not(), ops::Neighbours::faces);
  at::Tensor open = at::zeros({static_cast<int64_t>(outside.parts.size()) + 1}, at::kBool);
  for (size_t k = 0; k < outside.parts.size(); ++k) {
    const auto& box = outside.parts[k].box;
    for (size_t axis = 0; axis < 3; ++axis) {  // of the box: x, y, z
      const int64_t size = mask.size(2 - static_cast<int64_t>(axis));
      if (size > 1 && (box.low[axis] == 0 || box.high[axis] == size - 1)) open.data_ptr<bool>()[k + 1] = true;
    }
  }
  return open.index_select(0, outside.labels.reshape({-1})).view(mask.sizes()).logical_not();
}

void dilate(imaging::Volume& region, double millimetres) {
  const auto& [size, spacing] = std::pair(region.geometry.size, region.geometry.spacing);
  const radiomics::Grid grid{{size[2], size[1], size[0]}, {spacing[2], spacing[1], spacing[0]}};
  region.data = region.data.contiguous();
  auto* values = region.data.data_ptr<uint8_t>();
  const auto count = static_cast<size_t>(grid.count());
  const bool grows = millimetres > 0;
  radiomics::Mask far(count);
  bool any = false;
  for (size_t i = 0; i < count; ++i) {
    far[i] = (values[i] == 0) == grows;
    any = any || far[i] == 0;
  }
  if (!any) return;  // nothing to be near to
  const auto distances = radiomics::distance_to_outside(far, grid, false);
  for (size_t i = 0; i < count; ++i)
    if (far[i] != 0 && distances[i] <= std::abs(millimetres) + 1e-6) values[i] = grows ? 1 : 0;
}

}  // namespace photo51::data

#include "backbones/map_size.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace photo51::backbones {

at::Tensor cut_or_continued(const at::Tensor& x, const at::Tensor& like) {
  at::Tensor result = x;
  std::vector<int64_t> sides;  // the last axis first
  for (int64_t axis = x.dim() - 1; axis > 1; --axis) {
    const int64_t size = like.size(axis);
    if (result.size(axis) > size) result = result.narrow(axis, 0, size);
    sides.insert(sides.end(), {0, size - result.size(axis)});
  }
  if (std::ranges::all_of(sides, [](int64_t more) { return more == 0; })) return result;
  return x.dim() == 5 ? at::replication_pad3d(result, sides) : at::replication_pad2d(result, sides);
}

at::Tensor interpolated(const at::Tensor& x, at::IntArrayRef sizes) {
  if (x.sizes().slice(2) == sizes) return x;
  return x.dim() == 5 ? at::upsample_trilinear3d(x, sizes, false) : at::upsample_bilinear2d(x, sizes, false);
}

}  // namespace photo51::backbones

#include "radiomics/ibsi/zones.hpp"

#include <algorithm>
#include <bit>

namespace photo51::radiomics {

int32_t Zones::root(int32_t voxel) {
  while (parent_[voxel] != voxel) {
    parent_[voxel] = parent_[parent_[voxel]];
    voxel = parent_[voxel];
  }
  return voxel;
}

void Zones::find(Range range, bool planar) {
  const std::vector<int64_t> offsets = directions(texture_.grid, planar);
  // Neighbours that touch each other are in one zone by then: the one right below touches all the others, the
  // one before in plane all but those below at the far side.
  constexpr uint32_t below = 1 << 8, before = 1 << 2, far_below = 0b111 << 4;
  const uint32_t used = planar ? kPlanar : 0xffff;
  for (size_t k = range.begin; k < range.end; ++k) {
    const auto voxel = static_cast<int32_t>(texture_.voxels[k]);
    parent_[voxel] = voxel;
    uint32_t equal = texture_.behind[voxel] & used;
    if ((equal & below) != 0)
      equal = below;
    else if ((equal & before) != 0)
      equal &= before | far_below;
    int32_t own = voxel;
    for (; equal != 0; equal &= equal - 1) {
      const int32_t other = root(static_cast<int32_t>(voxel - offsets[std::countr_zero(equal)]));
      if (other == own) continue;
      const auto [first, second] = std::minmax(own, other);
      parent_[second] = first;
      own = first;
    }
  }
  for (size_t k = range.begin; k < range.end; ++k) {
    const int64_t voxel = texture_.voxels[k];
    parent_[voxel] = parent_[parent_[voxel]];
  }
}

}  // namespace photo51::radiomics

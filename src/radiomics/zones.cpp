#include "radiomics/zones.hpp"

#include <algorithm>

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
  const int32_t* row = texture_.row.data();
  for (size_t k = range.begin; k < range.end; ++k) {
    const auto voxel = static_cast<int32_t>(texture_.voxels[k]);
    int32_t own = voxel;
    parent_[voxel] = voxel;
    for (const int64_t offset : offsets) {
      const auto before = static_cast<int32_t>(voxel - offset);
      if (row[before] != row[voxel]) continue;
      const int32_t other = root(before);
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

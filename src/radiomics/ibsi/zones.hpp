#pragma once
/// Zones: voxels of one grey level that touch by faces, edges or corners.

#include <cstdint>
#include <vector>

#include "radiomics/ibsi/texture.hpp"

namespace photo51::radiomics {

class Zones {
 public:
  explicit Zones(const Texture& texture) : texture_(texture), parent_(texture.row.size()) {}

  /// Finds the zones among `range`; `planar`: in each slice by itself. Afterwards `of(i)` is the first voxel
  /// of voxel i's zone.
  void find(Range range, bool planar);
  int64_t of(int64_t voxel) const { return parent_[voxel]; }

 private:
  int32_t root(int32_t voxel);

  const Texture& texture_;
  std::vector<int32_t> parent_;  // union-find: never behind its voxel, so that roots come first
};

}  // namespace photo51::radiomics

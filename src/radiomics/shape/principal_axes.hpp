#pragma once
/// Where the voxels of a mask lie.

#include "radiomics/region/voxels.hpp"
#include "radiomics/shape/points.hpp"

namespace photo51::radiomics {

struct PrincipalAxes {
  int64_t count = 0;        ///< voxels
  Point centre{0, 0, 0};    ///< mm from the grid's first voxel
  Point variance{0, 0, 0};  ///< mm² of the voxels' centres along the axes, largest first
};
PrincipalAxes principal_axes(const Mask& mask, const Grid& grid);

}  // namespace photo51::radiomics

#pragma once
/// Plain arrays on a z, y, x grid, and the few operations on them that descriptors need.

#include <array>
#include <cstdint>
#include <vector>

namespace photo51::radiomics {

struct Grid {
  std::array<int64_t, 3> size{0, 0, 0};    ///< z, y, x
  std::array<double, 3> spacing{1, 1, 1};  ///< z, y, x mm

  int64_t count() const { return size[0] * size[1] * size[2]; }
  int64_t slice() const { return size[1] * size[2]; }
  int64_t at(int64_t z, int64_t y, int64_t x) const { return (z * size[1] + y) * size[2] + x; }
  std::array<int64_t, 3> place(int64_t voxel) const {
    return {voxel / slice(), voxel / size[2] % size[1], voxel % size[2]};
  }
  double voxel_volume() const { return spacing[0] * spacing[1] * spacing[2]; }
};

using Mask = std::vector<uint8_t>;  ///< 0 or 1 a voxel

/// Distance in mm from each voxel of the mask to the nearest voxel outside it; 0 outside, infinite where
/// there is none. With `border_is_outside` the space beyond the grid counts as outside.
std::vector<double> distance_to_outside(const Mask& mask, const Grid& grid, bool border_is_outside);

/// The largest set of voxels that touch by faces, the first of equals; all zero for an empty mask.
Mask largest_component(const Mask& mask, const Grid& grid);

/// Fills what is enclosed in each axial slice (4-connected background that does not reach the slice's edge).
void fill_slice_holes(Mask& mask, const Grid& grid);

/// Convolves with a Gaussian of `sigma` mm, cut at 4 sigma; zero beyond the grid.
void smooth(std::vector<double>& values, const Grid& grid, double sigma);

/// Central differences along one axis a mm, one-sided at the ends; 0 where the axis has one voxel.
double difference(const std::vector<double>& values, const Grid& grid, const std::array<int64_t, 3>& voxel,
                  int axis);

}  // namespace photo51::radiomics

#pragma once
/// The cube around a voxel, or one slice of it: its voxels and its pairs of neighbours, as offsets in an
/// array with enough empty voxels at its borders.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "radiomics/region/voxels.hpp"

namespace photo51::radiomics {

constexpr int kDirections = 13;

/// Two neighbouring voxels of a cube.
struct CubePair {
  int32_t first, second;  ///< numbers of the voxels in the cube
  int32_t direction;      ///< 0 … kDirections - 1
};

struct Cube {
  /// For arrays of `grid`'s size. `flat`: the axis (0 z, 1 y, 2 x) across which it is one slice; -1: none.
  Cube(const Grid& grid, int64_t radius, int flat = -1);

  std::vector<int64_t> voxels;     ///< offsets from the centre; the cube's own order is z, y, x
  std::vector<CubePair> pairs;     ///< `second` lies one step ahead in the direction
  std::vector<CubePair> entering;  ///< those that the next cube along x has and this one has not …
  std::vector<CubePair>
      leaving;  ///< … and the other way round, with voxels numbered in the cube that has them
  /// The lines of each direction, every one from its start: numbers of voxels.
  std::array<std::vector<std::vector<int32_t>>, kDirections> lines;
};

/// What voxel-wise features are computed from; arrays have `grid`'s size.
struct Levelled {
  Grid grid;
  std::vector<double> intensity;
  std::vector<int32_t> level;  ///< 0 = does not count
  int32_t highest = 0;
  double shift = 0;  ///< added to intensities for energies
};

/// Features of one family, cube after cube. `values` has as many as there are names.
class CubeFamily {
 public:
  virtual ~CubeFamily() = default;
  /// A row along x begins at this voxel.
  virtual void start(int64_t voxel) = 0;
  /// The next voxel along x.
  virtual void step(int64_t voxel) = 0;
  /// Features of the cube where it stands.
  virtual void values(int64_t voxel, double* values) = 0;
};

}  // namespace photo51::radiomics

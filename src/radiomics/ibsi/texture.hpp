#pragma once
/// Grey levels as the texture families read them: neighbours without asking for the border, levels as the row
/// of a matrix.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "radiomics/region/region.hpp"

namespace photo51::radiomics {

struct GpuTexture;

/// The box around the intensity mask and `reach` voxels more on each side, all z, y, x.
struct Texture {
  Grid grid;
  std::vector<int32_t> level;   ///< 0 outside the mask
  std::vector<int32_t> row;     ///< the levels that occur, numbered 1 … rows - 1; 0 outside
  std::vector<double> value;    ///< the level of a row; value[0] is not one
  int32_t highest = 0;          ///< N_g of the standard
  std::vector<int64_t> voxels;  ///< inside, ascending: the same voxels as `Region::voxels`, in the same order
  std::vector<size_t> slices;   ///< where in `voxels` each slice begins, and the end

  /// Bit d of `ahead`: the neighbour in direction d has the voxel's level; of `behind`: the one opposite.
  /// Defined inside the mask.
  std::vector<uint16_t> ahead, behind;

  /// The rows and voxels on a GPU, where matrices are counted there (gpu_texture.hpp); null: on the CPU.
  std::shared_ptr<const GpuTexture> gpu;

  auto rows() const { return static_cast<int64_t>(value.size()); }
};
Texture make_texture(const Region& region, const Levels& levels, int64_t reach);

/// Voxels of one slice or of all.
struct Range {
  size_t begin, end;
  auto size() const { return static_cast<int64_t>(end - begin); }
};

/// Offsets in `grid` to one of each two opposite neighbours, all positive: the 4 in plane, then 9 in the next
/// slice. `planar`: the first 4.
std::vector<int64_t> directions(const Grid& grid, bool planar);
constexpr uint16_t kPlanar = 0b1111;  ///< their bits

}  // namespace photo51::radiomics

#pragma once
/// The displacement of an output row from its control grid.

#include <array>
#include <cstdint>
#include <vector>

#include "photo51/ops/resample.hpp"

namespace photo51::ops::cpu {

class Displacement {
 public:
  /// `grid` null: no displacement. `room`: floats a row (>= size[0]); those past the row are 0.
  Displacement(const DisplacementGrid* grid, const std::array<int64_t, 3>& size, int64_t room);

  /// Along x, y, z in input voxels, valid until the next call.
  std::array<const float*, 3> row(int64_t y, int64_t z);

 private:
  struct Axis {
    int64_t taps = 1;
    std::vector<int64_t> first;                ///< control point, an output voxel
    std::array<std::vector<float>, 4> weight;  ///< a tap and output voxel
  };
  static Axis axis(int64_t points, int64_t size);
  void reduce_slice(int64_t z);

  const DisplacementGrid* grid_;
  std::array<Axis, 3> axes_;
  int64_t slice_at_ = -1;
  std::vector<float> slice_, line_;  ///< [3][points y][points x], [3][points x]
  std::array<std::vector<float>, 3> rows_;
};

}  // namespace photo51::ops::cpu

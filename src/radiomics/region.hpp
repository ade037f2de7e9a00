#pragma once
/// What the families compute on: the surroundings of one region after resampling and resegmentation.

#include <array>
#include <cstdint>
#include <vector>

#include "radiomics/voxels.hpp"

namespace photo51::radiomics {

/// Arrays are z, y, x on `grid`, the box around the region with `margin` voxels on each side where the image
/// has them.
struct Region {
  Grid grid;
  std::vector<double> intensity;
  Mask shape;                   ///< morphological mask: the region as drawn
  Mask mask;                    ///< intensity mask: after resegmentation
  std::vector<int64_t> voxels;  ///< where `mask` is set, ascending; never empty
};

/// Grey levels of the intensity mask.
struct Levels {
  Grid grid;
  std::vector<int32_t> level;  ///< 0 outside the mask, else 1 … count
  int32_t count = 0;
};

}  // namespace photo51::radiomics

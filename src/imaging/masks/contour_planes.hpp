#pragma once
/// Contours in the planes of a grid, and how those of one plane make a region.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "imaging/masks/rtstruct.hpp"

namespace photo51::imaging {

/// Contours of one plane in voxel coordinates.
struct Plane {
  struct Polygon {
    std::vector<std::array<double, 2>> points;
    size_t number = 0;
    bool exclusive = false;
  };
  double at = 0;  ///< along z
  std::vector<Polygon> contours;
};

/// Planes in order. Points of a contour may leave their plane by a tenth of a slice: exports round. Error
/// (data): contours across the slices.
std::vector<Plane> planes_of(const Structure& structure, const Geometry& grid);
/// Median distance between planes, in slices; 1 when there is one.
double usual_gap(const std::vector<Plane>& planes);

/// Pixels about the contours of a plane; they may lie outside the grid.
struct PixelWindow {
  int64_t x = 0, y = 0, width = 0, height = 0;  ///< of its first pixel
  std::vector<uint8_t> inside;
};

/// The pixels whose centres are inside: a contour within an even number of others is a part of the region,
/// else a hole in it. One that says the same as another counts once; those that cross are united (one that
/// sticks out of another by a tenth of itself or less lies within it). Both add to `odd`. Error (data):
/// contours of no sane size.
PixelWindow fill(const Plane& plane, std::vector<std::string>& odd);

}  // namespace photo51::imaging

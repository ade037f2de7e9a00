#pragma once
/// RTSTRUCT: contours by region of interest.

#include <ATen/core/Tensor.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "photo51/imaging/masks/options.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

struct Contour {
  std::vector<std::array<double, 3>> points;  ///< three and more, closed, mm, LPS
  size_t number = 0;                          ///< in its ROI's ContourSequence, from 1
  bool exclusive = false;                     ///< CLOSEDPLANAR_XOR: where two overlap is outside
};

struct Structure {
  int64_t number = 0;
  std::string name, frame_of_reference;
  std::vector<Contour> contours;
  size_t other_shapes = 0;  ///< points and open lines, which enclose nothing
  size_t degenerate = 0;    ///< contours of one or two points or of none
  std::string damage;  ///< what is wrong with the first contour that cannot be read; empty when nothing is
};

struct StructureSet {
  std::vector<Structure> structures;
  std::vector<std::string> referenced_series;  ///< UIDs
};

/// Names are UTF-8. Error (data): not an RTSTRUCT. A damaged contour is the structure's `damage`, so that the
/// others can be used.
StructureSet read_structure_set(const std::filesystem::path& path);

/// uint8 [D, H, W] of 0 and 1 (mask.hpp says how). Contours off the slice planes go to the nearest slice,
/// with a warning. Errors (data): no closed contour, a damaged one, contours across the slices, too much of
/// them outside the grid.
at::Tensor rasterise(const Structure& structure, const Geometry& grid, const MaskOptions& options,
                     std::vector<std::string>& warnings);

/// What `rasterise` would fill on a grid of fine pixels with the contours' own planes as slices, mm3; NaN
/// when there is only one plane, planes are not parallel or the first contour encloses nothing.
double enclosed_mm3(const Structure& structure);

}  // namespace photo51::imaging

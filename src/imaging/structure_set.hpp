#pragma once
/// RTSTRUCT: contours by region of interest.

#include <ATen/core/Tensor.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

struct Structure {
  int64_t number = 0;
  std::string name, frame_of_reference;
  std::vector<std::vector<std::array<double, 3>>> contours;  ///< closed, mm, LPS
  size_t other_shapes = 0;                                   ///< points and open lines, which enclose nothing
};

struct StructureSet {
  std::vector<Structure> structures;
  std::vector<std::string> referenced_series;  ///< UIDs
};

/// Error (data): not an RTSTRUCT, a contour that is damaged.
StructureSet read_structure_set(const std::filesystem::path& path);

/// uint8 [D, H, W] of 0 and 1 (mask.hpp says how). Contours off the slice planes go to the nearest slice,
/// with a warning. Errors (data): no closed contour, contours across the slices, all of them outside the
/// grid.
at::Tensor rasterise(const Structure& structure, const Geometry& grid, std::vector<std::string>& warnings);

/// Millilitres that the contours enclose: their planes' areas times the distance between planes; NaN when
/// there is only one plane.
double enclosed_ml(const Structure& structure);

}  // namespace photo51::imaging

#pragma once
/// How the outline of a perturbed region is drawn anew.

#include <span>
#include <string_view>

namespace photo51::radiomics {

enum class Contour {
  kept,
  supervoxels,  ///< supervoxels (SLIC) at its edge are in with the probability of their share that was
  distance      ///< it moves in and out by a smooth random field, `contour_deviation` mm
};
/// As configs write them.
std::span<const std::string_view> enum_names(Contour);

}  // namespace photo51::radiomics

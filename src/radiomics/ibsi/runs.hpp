#pragma once
/// Runs: voxels of one grey level in a row.

#include <vector>

#include "radiomics/ibsi/counts.hpp"
#include "radiomics/ibsi/texture.hpp"

namespace photo51::radiomics {

/// Runs along each of the `directions`, by row of the texture and length.
std::vector<Counts> runs(const Texture& texture, Range range, bool planar);

}  // namespace photo51::radiomics

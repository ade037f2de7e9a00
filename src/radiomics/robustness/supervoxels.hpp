#pragma once
/// Supervoxels by SLIC (Achanta 2012, doi:10.1109/TPAMI.2012.120).

#include <cstdint>
#include <vector>

#include "radiomics/region/voxels.hpp"

namespace photo51::radiomics {

/// A label a voxel, 0 …: pieces of about `edge` mm across, near in place and alike in intensity. Intensities
/// count in units of `deviation` as one `edge`.
std::vector<int32_t> supervoxels(const std::vector<double>& intensity, const Grid& grid, double edge,
                                 double deviation);

}  // namespace photo51::radiomics

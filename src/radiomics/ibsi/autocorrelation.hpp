#pragma once
/// How alike intensities are to those around them.

#include "radiomics/region/region.hpp"
#include "radiomics/shape/points.hpp"

namespace photo51::radiomics {

struct Autocorrelation {
  double moran = 0, geary = 0;  ///< NaN for one voxel and for intensities that are all the same
};
/// Moran's I and Geary's C of the intensity mask, every pair of voxels weighted by 1 / distance in mm. Exact:
/// sums over pairs are sums over displacements, by Fourier transforms where they cost less than the pairs.
Autocorrelation autocorrelation(const Region& region);

}  // namespace photo51::radiomics

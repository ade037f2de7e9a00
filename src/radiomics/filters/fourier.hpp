#pragma once
/// Filters made in the Fourier domain; the image is periodic there.

#include <cstdint>
#include <vector>

#include "photo51/radiomics/filters/filter.hpp"
#include "radiomics/region/voxels.hpp"

namespace photo51::radiomics {

/// Multiplies the spectrum of `values` on `image` by that of the Riesz transform with `orders` along x, y
/// (per slice) or x, y, z: (-i)^L sqrt(L! / (l1! l2! l3!)) v1^l1 v2^l2 v3^l3 / |v|^L for frequencies v, L
/// their sum.
void riesz_transform(std::vector<double>& values, const Grid& image, const std::vector<int64_t>& orders);

/// The band of an isotropic wavelet at `level` (from 1), by slice or in 3D.
void isotropic_band(std::vector<double>& values, const Grid& image, IsotropicFamily family, int64_t level,
                    bool by_slice);

}  // namespace photo51::radiomics

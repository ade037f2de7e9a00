#pragma once
/// Gaussians by recursion: as many steps a voxel for a wide one as for a narrow one.

#include <vector>

#include "radiomics/filters/patch.hpp"

namespace photo51::radiomics {

/// The Laplacian of a Gaussian of `sigma` mm times sigma squared, on `window`. `image` is whole, with four
/// voxels or more along each axis; its edge goes on beyond it. Passes along an axis are rounded to float, as
/// ITK's LaplacianRecursiveGaussianImageFilter rounds them.
std::vector<double> recursive_log(const Patch& image, double sigma, const Window& window);

}  // namespace photo51::radiomics

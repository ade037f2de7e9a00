#pragma once
/// Voxels of another size, as SimpleITK makes them for PyRadiomics.

#include "photo51/imaging/volume.hpp"
#include "radiomics/pyradiomics/common.hpp"

namespace photo51::radiomics::pyradiomics {

/// The region as it is drawn: the tight box around it in the image, and which of the box's voxels are inside.
struct Drawn {
  Mask inside;
  Box box;
};

/// Whether `settings` ask for voxels of another size; an axis along which the region has one voxel stays.
bool resamples(const imaging::Geometry& geometry, const Box& box, const Pyradiomics& settings);
/// A box of voxels with the region in it, on the grid that `resampledPixelSpacing` asks for, which follows
/// the mask's: image and mask are each resampled once, from grids of their own. `image` is [D, H, W] of the
/// type it is stored as, to which interpolated intensities return. Those outside the region are 0, unless
/// `everywhere`.
Region resample(const at::Tensor& image, const imaging::Geometry& geometry, const imaging::Geometry& mask,
                const Drawn& drawn, const Pyradiomics& settings, bool everywhere);

}  // namespace photo51::radiomics::pyradiomics

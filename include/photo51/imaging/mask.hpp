#pragma once
/// Masks, whatever they were stored as, on the grid that they or the image lie on.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// A mask from NIfTI or another label map, DICOM SEG or RTSTRUCT, as uint8 [1, D, H, W] of 0 and 1 with
/// Units::label. What stands behind `#` in the path picks from several structures: an ROI name, a segment's
/// label or number, a value of a label map; `*` and `?` match any text; names separated by commas, or `*`
/// alone, are united. A label map without `#` is everything that is not 0.
///
/// `images`: what the mask may have been drawn on. An RTSTRUCT needs one and is drawn on its grid: a voxel is
/// inside when its centre is inside an odd number of the plane's contours (so holes and keyholes stay open).
/// The image is the one that the RTSTRUCT names, else the first in its frame of reference, else the first
/// that does not say. A SEG stays on its own grid, in which frames that are not there are empty; a fractional
/// one is inside from a half on. Adds warnings.
///
/// Errors (data), each naming what there is to choose from: several structures and none picked, no such
/// structure, another frame of reference, contours across the slices or outside the image, frames off a grid.
Volume read_mask(const std::filesystem::path& path, const std::vector<const Volume*>& images = {});

/// `mask` on `image`'s grid, by the nearest voxel's centre; outside `mask` it is 0.
Volume on_grid_of(const Volume& mask, const Geometry& grid);

/// Millilitres of the voxels that are not 0.
double volume_ml(const Volume& mask);

}  // namespace photo51::imaging

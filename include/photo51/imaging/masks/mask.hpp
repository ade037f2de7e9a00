#pragma once
/// Masks, whatever they were stored as, on the grid that they or the image lie on.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/imaging/masks/options.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// A mask from NIfTI or another label map, DICOM SEG or RTSTRUCT, as uint8 [1, D, H, W] of 0 and 1 with
/// Units::label. What stands behind `#` in the path picks from several structures: the name of an ROI, of a
/// segment or of a Slicer segment, its number, a value of a label map, `channel:0` (or `layer:0`) of a map
/// with several; `*` and `?` match any text; names separated by commas, or `*` alone, are united.
///
/// Label maps: values within 0.01 of whole numbers are rounded, NaN is background (with a warning), a lone
/// label is the region whatever its value. Of several labels with none picked, `usual_label` is the region,
/// else all of them with a warning. One-hot channels are labels: label k is channel k when the channels fill
/// the image (channel 0 is the background), else channel k - 1.
///
/// `images`: what the mask may have been drawn on. An RTSTRUCT needs one and is drawn on its grid: a voxel is
/// inside when its centre is. A contour within another is a hole, one in a hole an island (keyholes stay
/// open); the same contour twice counts once, and contours that cross are united, both with a warning. A
/// plane between slices fills as many slices as it is thick. The image is the one that the RTSTRUCT names,
/// else the first in its frame of reference, else the first that does not say. A SEG stays on its own grid,
/// in which frames that are not there are empty; its slices are as far apart as those of the image when its
/// frames lie on them. A fractional one is inside from a half on. Adds warnings.
///
/// Errors (data), each naming what there is to choose from: several structures and none picked, no such
/// structure, values that are not labels, another frame of reference, contours across the slices or outside
/// the image, frames off a grid, one slice of unknown thickness; (usage) a label and another choice at once.
Volume read_mask(const std::filesystem::path& path, const std::vector<const Volume*>& images = {},
                 const MaskOptions& options = {});

/// `mask` where it lies on `image`, on its own grid: that of a file that says nothing of voxel size or
/// position is the image's, whose size it must have. Up to 1 % of its volume outside the image is a warning.
/// Errors (data): another size, more outside unless `options.outside` is crop, all of it outside, the image's
/// size with an identity affine that is not the image's.
Volume placed_on(Volume mask, const Volume& image, const MaskOptions& options = {});

/// `placed_on`, then by the nearest voxel's centre on the image's grid; outside `mask` it is 0. A warning
/// when that changes the volume by more than 10 %. Error (data): nothing of the mask is left.
Volume on_grid_of(const Volume& mask, const Volume& image, const MaskOptions& options = {});
/// The same on any grid, without checks.
Volume on_grid_of(const Volume& mask, const Geometry& grid);

/// Millilitres of the voxels that are not 0.
double volume_ml(const Volume& mask);

}  // namespace photo51::imaging

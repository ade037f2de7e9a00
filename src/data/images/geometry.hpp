#pragma once
/// Where voxels lie, when a file does not say or a registration leads elsewhere.

#include "data/modality/modality.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/ops/resample.hpp"

namespace photo51::data {

/// Gives a volume the spacing and orientation that the options assume for files that do not say. Error (data)
/// when the input needs what neither the file nor the options say: a spacing to resample, to crop by mm or to
/// build a scan of, an orientation to turn a scan to.
void require_place(imaging::Volume& volume, const FileOptions& options, const PlaceNeeds& needs);

/// A grid seen through a map of its world, or through the map's inverse.
imaging::Geometry moved(const imaging::Geometry& grid, const ops::AffineMap& map);
imaging::Geometry moved_back(const imaging::Geometry& grid, const ops::AffineMap& map);

}  // namespace photo51::data

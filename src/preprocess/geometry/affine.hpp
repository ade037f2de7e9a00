#pragma once
/// Arithmetic of affine maps between voxel grids and the world. Internal to the room.

#include "photo51/imaging/volume.hpp"
#include "photo51/ops/resample.hpp"
#include "photo51/preprocess/augment/augment.hpp"

namespace photo51::preprocess {

using ops::AffineMap;

/// `after` applied to the result of `before`.
AffineMap compose(const AffineMap& after, const AffineMap& before);
/// Error (data) when the map flattens space: a spacing of 0 or dependent axes.
AffineMap inverse(const AffineMap& map);
std::array<double, 3> transform(const AffineMap& map, const std::array<double, 3>& point);

/// Voxel index to mm.
AffineMap world_of(const imaging::Geometry& geometry);
/// Augmented output voxel to output voxel before augmentation, about the centre of the grid. Content is
/// rotated (x, then y, then z), magnified, moved, and then mirrored.
AffineMap augmentation_map(const imaging::Geometry& geometry, const Augmentation& augmentation);

/// The elastic part in voxels of the grid, to be added to what `augmentation_map` gives; without points when
/// there is none. One slice keeps the middle layer of control points and moves in its plane.
ops::DisplacementGrid elastic_voxels(const imaging::Geometry& geometry, const Augmentation& augmentation);
/// Displacements seen through the linear part of `map`.
ops::DisplacementGrid turned(const AffineMap& map, ops::DisplacementGrid grid);

}  // namespace photo51::preprocess

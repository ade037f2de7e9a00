#pragma once
/// The voxel grid that a case is prepared on. Internal to the room.

#include <optional>

#include "photo51/imaging/volume.hpp"
#include "photo51/ops/resample.hpp"
#include "photo51/ops/scan.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::preprocess {

/// A box of output voxels, inclusive.
using ops::Box;

/// The whole frame in canonical orientation and at the wanted spacing.
imaging::Geometry full_grid(const imaging::Geometry& frame, const PreprocessOptions& options);

/// A box of voxels of another grid, `of_to_world`, as the box of `grid` voxels that holds all their centres;
/// not cut at the grid.
Box box_on(const imaging::Geometry& grid, const ops::AffineMap& of_to_world, const Box& box);

/// The box grown by `margin` mm and cut at the grid; nothing when it lies outside.
std::optional<Box> grown(const imaging::Geometry& grid, const Box& box, double margin);

/// The grid of the result: the box, or what `size` and `fit` make of it. Error (usage) when it would have
/// more than 2^31 voxels.
imaging::Geometry output_grid(const imaging::Geometry& grid, const Box& box,
                              const PreprocessOptions& options);

}  // namespace photo51::preprocess

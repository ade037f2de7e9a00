#pragma once
/// What makes a region of a program's answer.

#include <ATen/core/Tensor.h>

#include "photo51/imaging/volume.hpp"

namespace photo51::data {

/// Of a mask [D, H, W], bool and contiguous: the piece with most voxels, which touch by faces, edges or
/// corners; of equal ones the first in memory. An empty mask stays so.
at::Tensor largest_piece(const at::Tensor& mask);

/// Sets what the mask encloses: voxels outside it from where no way by faces leads to the edge of the image.
/// The ends of an axis of one voxel are no edge.
at::Tensor without_holes(const at::Tensor& mask);

/// Grows a region, uint8 [1, D, H, W], by voxels whose centres are within so many mm of one of its own; below
/// 0 it loses those that are so near to one outside, beyond the image excepted.
void dilate(imaging::Volume& region, double millimetres);

}  // namespace photo51::data

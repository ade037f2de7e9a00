#pragma once
/// The way back: from the prepared grid, augmented or not, to a grid of the patient's, such as the input's
/// own. Test-time augmentation brings each answer back before they are averaged.

#include <ATen/core/Tensor.h>

#include "photo51/imaging/volume.hpp"
#include "photo51/ops/resample.hpp"
#include "photo51/preprocess/augment/augment.hpp"

namespace photo51::preprocess {

/// `map` [C, D, H, W] lies on `prepared` (see `prepare`) as `augmentation` left it: a prediction, a saliency
/// map. The result lies on `grid`, every voxel at its place in the patient: flips and affine map undone,
/// spacing, crop, padding and orientation too, in one resampling (a flip alone copies voxels). Places that
/// the map does not cover are `options.padding_value`. Errors (usage): a map of another size than `prepared`,
/// an elastic augmentation (it has no exact inverse).
at::Tensor restore(const at::Tensor& map, const imaging::Geometry& prepared, const imaging::Geometry& grid,
                   const Augmentation& augmentation = {}, const ops::ResampleOptions& options = {});

}  // namespace photo51::preprocess

#pragma once
/// Intensities of one channel brought to a common scale.

#include <ATen/core/Tensor.h>

#include "photo51/preprocess/options.hpp"

namespace photo51::preprocess {

/// Normalises one channel (float32, contiguous, any shape) in place. NaN marks voxels outside the scan: they
/// take no part and become 0.
///
/// * zscore: (v - mean) / deviation of the region (population deviation), then clipped to ±clip if clip > 0.
/// * percentile: the region's low and high percentiles (linear between order statistics) to 0 and 1, clipped.
/// * window: low and high to 0 and 1, clipped; no region.
/// * fixed: (v / full_scale - mean) / std of channel number `index`; no region.
///
/// Region `foreground` is the voxels above `foreground_threshold`; the others become 0 (MONAI's
/// nonzero=True). Region `mask` takes the statistics from voxels where `mask` (uint8, same number of voxels)
/// is not 0, and normalises all. A region without spread (a constant image, or no foreground at all) gives
/// zeros everywhere. Error (data) when the region is the mask and it is undefined or empty;
/// (usage) when `fixed` has no mean for the channel.
void normalize(at::Tensor& channel, const at::Tensor& mask, const NormalizeOptions& options,
               size_t index = 0);

}  // namespace photo51::preprocess

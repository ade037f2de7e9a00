#pragma once
/// Intensities of one channel brought to a common scale.

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "photo51/preprocess/options.hpp"

namespace photo51::preprocess {

/// What a whole image says of its intensities; what is normalised may be a part of it.
struct Intensities {
  bool negative = false;    ///< a twentieth of all magnitude is negative: more than an interpolation rings
  bool padded = false;      ///< a twentieth of the voxels or more is exactly 0
  bool hounsfield = false;  ///< negative values are ordinary
};
/// Of voxels of any type; NaN takes no part.
Intensities intensities_of(const at::Tensor& voxels);

/// What was done, in words.
struct Normalized {
  std::string region;                 ///< "the voxels above 0"; empty for methods without a region
  std::vector<std::string> warnings;  ///< a constant image, intensities that do not suit the region
};

/// Normalises one channel (float32, contiguous, any shape) in place. NaN marks voxels outside the scan: they
/// take no part and become 0.
///
/// * zscore: (v - mean) / deviation of the region (population deviation), then clipped to ±clip if clip > 0.
/// * percentile: the region's low and high percentiles (linear between order statistics) to 0 and 1, clipped.
/// * window: low and high to 0 and 1, clipped; no region.
/// * fixed: (v / full_scale - mean) / std of channel number `index`; no region.
///
/// Regions: `all`; `foreground`, the voxels above `foreground_threshold`, while the others become 0 (MONAI's
/// nonzero=True); `mask`, statistics from voxels where `mask` (uint8, same number of voxels) is not 0, and
/// all are normalised; `auto`, by the intensities: foreground, unless negative values say that the image is
/// normalised already or in other units (HU), then the voxels that are not 0 where a twentieth or more of the
/// image is exactly 0 (those become 0), else all. The intensities asked are those of the `whole` image, or
/// the channel's own.
///
/// A region without spread (a constant image, or no foreground at all) gives zeros everywhere, and a warning.
/// Error (data) when the region is the mask and it is undefined or empty; (usage) when `fixed` has no mean
/// for the channel.
Normalized normalize(at::Tensor& channel, const at::Tensor& mask, const NormalizeOptions& options,
                     size_t index = 0, const std::optional<Intensities>& whole = {});

}  // namespace photo51::preprocess

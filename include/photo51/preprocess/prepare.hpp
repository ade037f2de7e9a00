#pragma once
/// From volumes as they lie on disk to the tensor that a network reads, in one resampling: orientation,
/// spacing, crop, size, registration, flips, random affine and elastic deformation compose to a single map
/// from output voxel to input voxel, and each input voxel is read once, in its stored type.

#include <ATen/core/Tensor.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/augment/augment.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::preprocess {

struct Prepared {
  at::Tensor values;           ///< [C (+ mask), D, H, W] float32, contiguous; uint8 of `prepare_bytes`
  imaging::Geometry geometry;  ///< of `values`, before augmentation
  imaging::Geometry frame{};   ///< the grid of the file that gave the frame
  /// normalize histogram: each channel's own landmarks (histogram.hpp), which its values are counted in; a
  /// channel that is absent or constant has none.
  std::vector<std::vector<double>> landmarks{};
  std::set<std::string> regions{};  ///< what `normalize` took statistics from: "the voxels above 0"
  struct Warning {
    int64_t channel = -1;  ///< index into the channels; -1 = the mask
    std::string text;
  };
  std::vector<Warning> warnings{};  ///< a constant image, an empty mask
};

/// By channel, from the frame's world to the channel's own (see `read_registration`); nothing: the same
/// world.
using Registrations = std::vector<std::optional<ops::AffineMap>>;

/// `channels`: one volume [1, D, H, W] each, possibly absent, on any grids; the first present one without
/// a registration (or the mask) gives the frame, the others are brought into it through world coordinates.
/// Absent channels become zeros. The mask (non-zero = 1, nearest voxel) becomes the last channel when
/// `mask_channel`; when it is absent that channel is zeros.
///
/// * Grid: the frame's axes in `orientation` (an oblique scan stays oblique). With `spacing` the first
/// voxel's
///   centre stays where it is and an axis of n voxels gets round((n - 1) * old / new) + 1 (MONAI's Spacing,
///   scale_extent off).
/// * Crop: the box of the mask or foreground voxels' centres plus `margin`, to whole output voxels, cut at
/// the
///   scan's edge. `size` with pad_or_crop is a window about that box's centre, which shows the scan beyond
///   the box; resize stretches the box's outer edges.
/// * Bias field: divided out of each channel on its own grid, before anything else.
/// * Normalisation: statistics from output voxels inside the scan; voxels outside it are 0 in the end.
///
/// Errors (data): a volume of several channels, NaN or infinite voxels (names the channel and how many), an
/// empty mask or foreground to crop around, an empty or absent mask to normalise by, nothing present at all,
/// no present channel without a registration. Names of channels in messages are `names` when given. `pool`
/// spreads one case over threads; null = this thread.
Prepared prepare(const std::vector<std::optional<imaging::Volume>>& channels,
                 const std::optional<imaging::Volume>& mask, bool mask_channel,
                 const PreprocessOptions& options, const Augmentation* augmentation = nullptr,
                 const std::vector<std::string>& names = {}, core::ThreadPool* pool = nullptr,
                 const Registrations& registrations = {});

}  // namespace photo51::preprocess

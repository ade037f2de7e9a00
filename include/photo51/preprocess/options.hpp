#pragma once
/// The `preprocess:` section of an input; `augment:` is beside it.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/preprocess/augment_options.hpp"

namespace photo51::preprocess {

struct CropOptions {
  std::string around = "none";  ///< none, mask, foreground
  double margin = 0;            ///< mm on every side
  double threshold = 0;         ///< foreground: voxels above this
};
void describe(config::Fields& f, CropOptions& o);

struct NormalizeOptions {
  std::string method = "none";  ///< none, zscore, percentile, window, fixed
  std::string region =
      "foreground";  ///< voxels the statistics come from: all, foreground (> threshold), mask
  double foreground_threshold = 0;
  std::array<double, 2> percentiles{0.5, 99.5};  ///< percentile: mapped to 0 and 1, clipped
  std::array<double, 2> window{-1000, 1000};     ///< window: low, high in the image's units (HU), to 0 and 1
  double clip = 0;                               ///< zscore: clip to ±clip; 0 = off
  std::vector<double> mean, std;                 ///< fixed: one of all channels, or one a channel
  double full_scale = 1;  ///< fixed: intensities are divided by this first (255 for 8-bit pictures)
};
void describe(config::Fields& f, NormalizeOptions& o);

/// Order: canonical orientation, resample, crop, pad/crop or resize to `size`, normalise. All geometry is one
/// resampling. With `size` empty every case keeps its own size.
struct PreprocessOptions {
  std::string orientation = "LPS";  ///< the voxel axes' directions; "none" keeps the file's
  std::vector<double> spacing;      ///< x, y, z mm; empty keeps the file's
  CropOptions crop;
  std::vector<int64_t> size;             ///< x, y, z voxels: pad or crop about the centre of the crop
  std::string fit = "pad_or_crop";       ///< or resize: stretch the crop to `size`
  std::string interpolation = "linear";  ///< linear, cubic, nearest
  bool antialias = false;                ///< average where voxels grow
  NormalizeOptions normalize;
};
void describe(config::Fields& f, PreprocessOptions& o);

}  // namespace photo51::preprocess

#pragma once
/// The `preprocess:` section of an input; `augment:` is beside it.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/preprocess/augment/options.hpp"

namespace photo51::preprocess {

struct CropOptions {
  std::string around = "none";  ///< none, mask, foreground
  double margin = 0;            ///< mm on every side
  double threshold = 0;         ///< foreground: voxels above this
};
void describe(config::Fields& f, CropOptions& o);

struct NormalizeOptions {
  std::string method = "none";  ///< none, zscore, percentile, window, fixed, histogram
  std::string region =
      "auto";  ///< voxels the statistics come from: auto (see normalize.hpp), all, foreground, mask
  double foreground_threshold = 0;
  std::array<double, 2> percentiles{0.5, 99.5};  ///< percentile, histogram: mapped to 0 and 1
  std::array<double, 2> window{-1000, 1000};     ///< window: low, high in the image's units (HU), to 0 and 1
  double clip = 0;                               ///< zscore: clip to ±clip; 0 = off
  std::vector<double> mean, std;                 ///< fixed: one of all channels, or one a channel
  double full_scale = 1;  ///< fixed: intensities are divided by this first (255 for 8-bit pictures)
};
void describe(config::Fields& f, NormalizeOptions& o);

/// The smooth field of an MRI coil, estimated on the file's own grid and divided out.
struct BiasCorrectionOptions {
  std::string method = "none";  ///< none, n4
  int64_t shrink = 4;           ///< the field is estimated on every so many voxels of an axis
  std::vector<int64_t> iterations{50, 50, 50, 50};  ///< at most, by level; the grid doubles at each
  double convergence = 1e-3;  ///< a level ends when the field changes by less (coefficient of variation)
  double width = 0.15;        ///< of the histogram's blur, full width at half maximum, in log intensity
  std::string region =
      "otsu";  ///< voxels that the field is estimated from: otsu, foreground (> threshold), all
  double foreground_threshold = 0;
};
void describe(config::Fields& f, BiasCorrectionOptions& o);

/// Order: bias field, canonical orientation, resample, crop, pad/crop or resize to `size`, normalise. All
/// geometry is one resampling. With `size` empty every case keeps its own size.
struct PreprocessOptions {
  BiasCorrectionOptions bias_field_correction;
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

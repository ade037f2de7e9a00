#pragma once
/// The `preprocess:` and `augment:` sections of an input.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::preprocess {

struct CropOptions {
  std::string around = "none";  ///< none, mask, foreground
  double margin = 0;            ///< mm on every side
  double threshold = 0;         ///< foreground: voxels above this
};
void describe(config::Fields& f, CropOptions& o);

struct NormalizeOptions {
  std::string method = "none";  ///< none, zscore, percentile, window
  std::string region =
      "foreground";  ///< voxels the statistics come from: all, foreground (> threshold), mask
  double foreground_threshold = 0;
  std::array<double, 2> percentiles{0.5, 99.5};  ///< percentile: mapped to 0 and 1, clipped
  std::array<double, 2> window{-1000, 1000};     ///< window: low, high in the image's units (HU), to 0 and 1
  double clip = 0;                               ///< zscore: clip to ±clip; 0 = off
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
  std::string interpolation = "linear";  ///< linear, nearest
  bool antialias = false;                ///< average where voxels grow
  NormalizeOptions normalize;
};
void describe(config::Fields& f, PreprocessOptions& o);

/// Random, training only; drawn from (seed, epoch, case, step).
struct AugmentOptions {
  std::vector<std::string> flip;  ///< axes: x, y, z, each with probability 1/2
  double affine_probability = 0;
  double rotate = 0;     ///< degrees, uniform in ±
  double scale = 0;      ///< factor uniform in 1 ± scale
  double translate = 0;  ///< mm, uniform in ±
  double intensity_probability = 0;
  double shift = 0;         ///< added, uniform in ±, after normalisation, a channel
  double gain = 0;          ///< factor uniform in 1 ± gain, a channel
  double noise = 0;         ///< standard deviation of Gaussian noise
  double gamma = 0;         ///< exponent exp(uniform ±gamma) on the min-max-scaled channel
  double drop_channel = 0;  ///< probability of blanking each image channel (never the last one present)
};
void describe(config::Fields& f, AugmentOptions& o);

}  // namespace photo51::preprocess

#pragma once
/// The `preprocess:` section of an input; `augment:` is beside it.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/preprocess/augment/options.hpp"

namespace photo51::preprocess {

/// What a crop keeps: everything, the mask's box, the box of the voxels above a threshold in any channel.
enum class CropAround { none, mask, foreground };
enum class NormalizeMethod { none, zscore, percentile, window, fixed, histogram };
/// Voxels that the statistics come from; automatic (`auto`): see intensity/normalize.hpp.
enum class NormalizeRegion { automatic, all, foreground, mask };
enum class BiasMethod { none, n4 };
/// Voxels that the field is estimated from; foreground: above a threshold.
enum class BiasRegion { otsu, foreground, all };
/// How `size` is reached: a window about the crop's centre, or stretching the crop.
enum class SizeFit { pad_or_crop, resize };
enum class Interpolation { linear, cubic, nearest };
/// As configs write them.
std::span<const std::string_view> enum_names(CropAround);
std::span<const std::string_view> enum_names(NormalizeMethod);
std::span<const std::string_view> enum_names(NormalizeRegion);
std::span<const std::string_view> enum_names(BiasMethod);
std::span<const std::string_view> enum_names(BiasRegion);
std::span<const std::string_view> enum_names(SizeFit);
std::span<const std::string_view> enum_names(Interpolation);

struct CropOptions {
  CropAround around = CropAround::none;
  double margin = 0;     ///< mm on every side
  double threshold = 0;  ///< foreground: voxels above this
};
void describe(config::Fields& f, CropOptions& o);

struct NormalizeOptions {
  NormalizeMethod method = NormalizeMethod::none;
  NormalizeRegion region = NormalizeRegion::automatic;
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
  BiasMethod method = BiasMethod::none;
  int64_t shrink = 4;  ///< the field is estimated on every so many voxels of an axis
  std::vector<int64_t> iterations{50, 50, 50, 50};  ///< at most, by level; the grid doubles at each
  double convergence = 1e-3;  ///< a level ends when the field changes by less (coefficient of variation)
  double width = 0.15;        ///< of the histogram's blur, full width at half maximum, in log intensity
  BiasRegion region = BiasRegion::otsu;
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
  std::vector<int64_t> size;  ///< x, y, z voxels: pad or crop about the centre of the crop
  SizeFit fit = SizeFit::pad_or_crop;
  Interpolation interpolation = Interpolation::linear;
  bool antialias = false;  ///< average where voxels grow
  NormalizeOptions normalize;
};
void describe(config::Fields& f, PreprocessOptions& o);

}  // namespace photo51::preprocess

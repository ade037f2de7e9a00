#include "photo51/preprocess/options.hpp"

#include <algorithm>
#include <array>

#include "photo51/preprocess/geometry/orientation.hpp"

namespace photo51::preprocess {
namespace {

/// A section that may be written as the bare value of its first key: `normalize: zscore`.
template <class T>
void short_section(config::Fields& f, const char* name, T& value, const char* help) {
  f.visit({name,
           help,
           {.lone = true},
           config::Section{[&value](config::Fields& g) { describe(g, value); }, {}, {}}});
}

}  // namespace

std::span<const std::string_view> enum_names(CropAround) {
  static constexpr std::array<std::string_view, 3> names{"none", "mask", "foreground"};
  return names;
}

std::span<const std::string_view> enum_names(NormalizeMethod) {
  static constexpr std::array<std::string_view, 6> names{"none",   "zscore", "percentile",
                                                         "window", "fixed",  "histogram"};
  return names;
}

std::span<const std::string_view> enum_names(NormalizeRegion) {
  static constexpr std::array<std::string_view, 4> names{"auto", "all", "foreground", "mask"};
  return names;
}

std::span<const std::string_view> enum_names(BiasMethod) {
  static constexpr std::array<std::string_view, 2> names{"none", "n4"};
  return names;
}

std::span<const std::string_view> enum_names(BiasRegion) {
  static constexpr std::array<std::string_view, 3> names{"otsu", "foreground", "all"};
  return names;
}

std::span<const std::string_view> enum_names(SizeFit) {
  static constexpr std::array<std::string_view, 2> names{"pad_or_crop", "resize"};
  return names;
}

std::span<const std::string_view> enum_names(Interpolation) {
  static constexpr std::array<std::string_view, 3> names{"linear", "cubic", "nearest"};
  return names;
}

void describe(config::Fields& f, CropOptions& o) {
  f("around", o.around,
    "what is kept: the mask's box, the box of the voxels above `threshold` in any channel, or everything");
  f("margin", o.margin, "added on every side, as far as the scan reaches", {.min = 0, .unit = "mm"});
  f("threshold", o.threshold, "foreground: voxels above this intensity");
}

void describe(config::Fields& f, BiasCorrectionOptions& o) {
  f("method", o.method, "n4: N4ITK, estimated on the file's own grid, before any resampling");
  f("shrink", o.shrink, "the field is estimated on every so many voxels along each axis",
    {.min = 1, .max = 64});
  f("iterations", o.iterations, "at most, one number a level; the spline grid doubles at each level",
    {.min = 1, .max = 1000});
  f.check(!o.iterations.empty() && o.iterations.size() <= 8, "iterations", "takes one to eight numbers");
  f("convergence", o.convergence, "a level ends when the field changes by less than this part", {.min = 0});
  f("width", o.width, "of the blur of the histogram, full width at half maximum, in log intensity",
    {.min = 1e-3, .max = 10});
  f("region", o.region,
    "voxels the field is estimated from: those above Otsu's threshold, above foreground_threshold, or all");
  f("foreground_threshold", o.foreground_threshold, "foreground: voxels above this intensity");
}

void describe(config::Fields& f, NormalizeOptions& o) {
  f("method", o.method,
    "zscore: mean 0, deviation 1; percentile: low and high percentile to 0 and 1, clipped; window: fixed low "
    "and high to 0 and 1, clipped; fixed: given mean and std; histogram: percentiles and deciles to "
    "landmarks "
    "learned from the training part, in which 0 and 1 are the average image's low and high percentile");
  f("region", o.region,
    "voxels the statistics come from: every voxel of the scan, those above foreground_threshold (the others "
    "become 0), or those in the mask; auto: foreground, but where negative intensities say that the image is "
    "normalised already (or in HU) the voxels that are not 0, or all if few are 0");
  f("foreground_threshold", o.foreground_threshold, "foreground: voxels above this intensity");
  f("percentiles", o.percentiles, "percentile and histogram: the two that become 0 and 1",
    {.min = 0, .max = 100});
  f.check(o.percentiles[0] < o.percentiles[1], "percentiles", "the first must be below the second");
  f.check(o.method != NormalizeMethod::histogram || (o.percentiles[0] < 10 && o.percentiles[1] > 90),
          "percentiles", "histogram needs one below 10 and one above 90: the deciles lie between");
  f("window", o.window, "window: the two intensities that become 0 and 1, in the image's units (HU for CT)");
  f.check(o.window[0] < o.window[1], "window", "the first must be below the second");
  f("clip", o.clip, "zscore: clipped to this many deviations on either side; 0 = no clipping", {.min = 0});
  f("mean", o.mean, "fixed: subtracted; one number, or one a channel");
  f("std", o.std, "fixed: divided by; one number, or one a channel", {.min = 1e-9});
  f("full_scale", o.full_scale, "fixed: the stored intensity that counts as 1 (255 for 8-bit pictures)",
    {.min = 1e-9});
  f.check((o.method == NormalizeMethod::fixed) == !o.mean.empty(), "mean",
          "is for method fixed, which needs it");
  f.check_count(o.std.size(), o.mean.size(), "std", "needs as many numbers as mean");
}

void describe(config::Fields& f, PreprocessOptions& o) {
  short_section(f, "bias_field_correction", o.bias_field_correction,
                "MRI: divides out the coil's smooth field");
  f("orientation", o.orientation,
    "where the x, y and z voxel axes point to (L/R, P/A, S/I), for example LPS or RAS; none keeps the "
    "file's");
  f.check(o.orientation == "none" || is_orientation(o.orientation), "orientation",
          "`" + o.orientation + "` is not none or one letter each of L/R, P/A and S/I, such as LPS");
  f("spacing", o.spacing, "voxel size x, y, z; empty keeps the file's", {.min = 1e-3, .unit = "mm"});
  if (!o.spacing.empty())
    f.check_count(o.spacing.size(), 3, "spacing", "takes three numbers (x, y, z) or none");
  short_section(f, "crop", o.crop, "keep only a part of the scan");
  f("size", o.size, "voxels x, y, z of the result; empty keeps each case's own", {.min = 1, .max = 4096});
  f.check(o.size.empty() || o.size.size() == 3, "size", "takes three numbers (x, y, z) or none");
  f("fit", o.fit,
    "how `size` is reached: a window about the crop's centre (zero beyond the scan), or stretching the crop");
  f("interpolation", o.interpolation,
    "between voxels of the image (cubic: the B-spline through them); masks always take the nearest");
  f("antialias", o.antialias, "average over the larger voxel where resampling makes voxels larger");
  short_section(f, "normalize", o.normalize, "intensities, a channel at a time");
}

}  // namespace photo51::preprocess

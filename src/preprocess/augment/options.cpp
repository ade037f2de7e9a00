#include "photo51/preprocess/augment/options.hpp"

#include <memory>

namespace photo51::preprocess {
namespace {

const config::Limits probability{.min = 0, .max = 1};

/// A section that may be written as the bare value of its first key: `blur: 0.3`.
template <class T>
void short_section(config::Fields& f, const char* name, std::optional<T>& value, const char* help) {
  auto fallback = std::make_shared<T>();
  f.visit({name,
           help,
           {.lone = true},
           config::Section{[&value, fallback](config::Fields& g) { describe(g, value ? *value : *fallback); },
                           [&value] { return value.has_value(); },
                           [&value](bool on) { on ? void(value.emplace()) : value.reset(); }}});
}

template <class Range>
void check_range(config::Fields& f, const char* name, const Range& range) {
  f.check(range.size() == 2 && range[0] <= range[1], name, "takes two numbers, the smaller one first");
}

}  // namespace

void describe(config::Fields& f, ElasticOptions& o) {
  f("probability", o.probability, "of deforming a case", probability);
  f("points", o.points, "control points along each axis; a B-spline runs between them",
    {.min = 4, .max = 64});
  f("magnitude", o.magnitude, "each control point moves along each axis, uniform in ±",
    {.min = 0, .unit = "mm"});
  f("locked_borders", o.locked_borders, "outermost layers of control points that do not move",
    {.min = 0, .max = 2});
  f.check(o.points > 2 * o.locked_borders, "points",
          "must be more than twice locked_borders, or nothing moves");
}

void describe(config::Fields& f, BiasFieldOptions& o) {
  f("probability", o.probability, "of a slowly varying factor on a channel, as a coil's sensitivity",
    probability);
  f("magnitude", o.magnitude, "coefficients of the polynomial whose exponential is the factor, uniform in ±",
    {.min = 0});
  f("order", o.order, "of the polynomial over the image, which spans -1 to 1", {.min = 1, .max = 7});
}

void describe(config::Fields& f, BlurOptions& o) {
  f("probability", o.probability, "of smoothing a channel with a Gaussian", probability);
  f("sigma", o.sigma, "smallest and largest standard deviation", {.min = 0, .unit = "mm"});
  check_range(f, "sigma", o.sigma);
}

void describe(config::Fields& f, LowResolutionOptions& o) {
  f("probability", o.probability, "of a channel taken with larger voxels", probability);
  f("zoom", o.zoom, "smallest and largest factor on the number of voxels along each axis",
    {.min = 0.01, .max = 1});
  check_range(f, "zoom", o.zoom);
}

void describe(config::Fields& f, GhostingOptions& o) {
  f("probability", o.probability, "of periodic copies of a channel along an axis", probability);
  f("ghosts", o.ghosts, "smallest and largest number of copies", {.min = 2, .max = 256});
  check_range(f, "ghosts", o.ghosts);
  f("intensity", o.intensity, "smallest and largest strength; 1 removes every n-th plane of k-space",
    {.min = 0, .max = 1});
  check_range(f, "intensity", o.intensity);
}

void describe(config::Fields& f, MotionOptions& o) {
  f("probability", o.probability, "of a patient who moved while a channel was taken", probability);
  f("rotate", o.rotate, "about each axis at each movement, uniform in ±",
    {.min = 0, .max = 180, .unit = "degrees"});
  f("translate", o.translate, "along each axis at each movement, uniform in ±", {.min = 0, .unit = "mm"});
  f("movements", o.movements, "during one acquisition", {.min = 1, .max = 16});
}

void describe(config::Fields& f, SpikeOptions& o) {
  f("probability", o.probability, "of stripes in a channel from spikes in k-space", probability);
  f("spikes", o.spikes, "how many", {.min = 1, .max = 64});
  f("intensity", o.intensity, "smallest and largest height, of the spectrum's maximum");
  check_range(f, "intensity", o.intensity);
}

void describe(config::Fields& f, CoarseDropoutOptions& o) {
  f("probability", o.probability, "of covering boxes of all image channels", probability);
  f("holes", o.holes, "how many boxes", {.min = 1, .max = 1000});
  f("size", o.size, "of a box along x, y and z", {.min = 1, .max = 4096, .unit = "voxels"});
  f.check(o.size.size() == 3, "size", "takes three numbers (x, y, z)");
  f("fill", o.fill, "what the boxes hold, after normalisation");
}

void describe(config::Fields& f, ColorJitterOptions& o) {
  f("probability", o.probability,
    "of changing a picture's colors; needs three channels normalised by `fixed`", probability);
  f("brightness", o.brightness, "factor uniform in 1 ± this", {.min = 0, .max = 1});
  f("contrast", o.contrast, "about the mean grey, factor uniform in 1 ± this", {.min = 0, .max = 1});
  f("saturation", o.saturation, "about each pixel's grey, factor uniform in 1 ± this", {.min = 0, .max = 1});
  f("hue", o.hue, "part of the color circle, uniform in ±", {.min = 0, .max = 0.5});
}

std::span<const std::string_view> enum_names(Axis) {
  static constexpr std::array<std::string_view, 3> names{"x", "y", "z"};
  return names;
}

std::span<const std::string_view> enum_names(NoiseModel) {
  static constexpr std::array<std::string_view, 2> names{"gaussian", "rician"};
  return names;
}

void describe(config::Fields& f, AugmentOptions& o) {
  f("flip", o.flip, "axes mirrored with probability 1/2 each");
  f("affine_probability", o.affine_probability, "of rotating, scaling and moving", probability);
  f("rotate", o.rotate, "about each axis, uniform in ±", {.min = 0, .max = 180, .unit = "degrees"});
  f("scale", o.scale, "magnification uniform in 1 ± this", {.min = 0, .max = 0.9});
  f("translate", o.translate, "along each axis, uniform in ±", {.min = 0, .unit = "mm"});
  short_section(f, "elastic", o.elastic,
                "smooth random deformation, in the same resampling as the affine map");
  f("intensity_probability", o.intensity_probability, "of contrast, gamma, gain, shift and noise",
    probability);
  f("shift", o.shift, "added to a channel after normalisation, uniform in ±", {.min = 0});
  f("gain", o.gain, "factor of a channel, uniform in 1 ± this", {.min = 0, .max = 1});
  f("noise", o.noise, "standard deviation of the noise", {.min = 0});
  f("noise_model", o.noise_model,
    "gaussian: added; rician: the magnitude with noise in both of its components, for MRI that is not below "
    "0");
  f("gamma", o.gamma, "exponent exp(uniform in ±) of a channel scaled to 0..1", {.min = 0, .max = 3});
  f("contrast", o.contrast, "about a channel's mean, factor uniform in 1 ± this", {.min = 0, .max = 1});
  short_section(f, "bias_field", o.bias_field, "a slowly varying factor, a channel at a time");
  short_section(f, "blur", o.blur, "Gaussian smoothing, a channel at a time");
  short_section(f, "low_resolution", o.low_resolution,
                "as from a scan with larger voxels, a channel at a time");
  short_section(f, "ghosting", o.ghosting,
                "periodic copies as from breathing or pulsation (MRI), a channel at a time");
  short_section(f, "motion", o.motion, "movement during acquisition (MRI), a channel at a time");
  short_section(f, "spike", o.spike, "spikes in k-space (MRI), a channel at a time");
  short_section(f, "color_jitter", o.color_jitter,
                "brightness, contrast, saturation and hue of color images");
  short_section(f, "hed_jitter", o.hed_jitter,
                "amounts of haematoxylin, eosin and DAB in pictures of stained tissue");
  short_section(f, "coarse_dropout", o.coarse_dropout, "boxes covered in all image channels");
  f("drop_channel", o.drop_channel, "of blanking each image channel; one always stays", probability);
}

}  // namespace photo51::preprocess

#pragma once
/// The `augment:` section of an input: random, training only, drawn from (seed, epoch, case, step). Ranges
/// are sampled uniformly; a section that is not there is off.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/preprocess/augment/axis.hpp"
#include "photo51/preprocess/histopathology/stain.hpp"

namespace photo51::preprocess {

struct ElasticOptions {
  double probability = 0.2;
  int64_t points = 7;          ///< control points an axis
  double magnitude = 5;        ///< mm, each control point along each axis, uniform in ±
  int64_t locked_borders = 2;  ///< outermost layers of control points that stay
};
struct BiasFieldOptions {
  double probability = 0.2;
  double magnitude = 0.3;  ///< coefficients of the polynomial, uniform in ±
  int64_t order = 3;
};
struct BlurOptions {
  double probability = 0.2;
  std::array<double, 2> sigma{0.5, 1.5};  ///< mm
};
struct LowResolutionOptions {
  double probability = 0.2;
  std::array<double, 2> zoom{0.5, 1};  ///< of the voxels along every axis
};
struct GhostingOptions {
  double probability = 0.1;
  std::vector<int64_t> ghosts{4, 10};
  std::array<double, 2> intensity{0.5, 1};
};
struct MotionOptions {
  double probability = 0.1;
  double rotate = 10, translate = 10;  ///< degrees and mm, uniform in ±
  int64_t movements = 2;
};
struct SpikeOptions {
  double probability = 0.1;
  int64_t spikes = 1;
  std::array<double, 2> intensity{1, 3};  ///< of the spectrum's maximum
};
struct CoarseDropoutOptions {
  double probability = 0.2;
  int64_t holes = 4;
  std::vector<int64_t> size{16, 16, 16};  ///< voxels x, y, z
  double fill = 0;
};
struct ColorJitterOptions {
  double probability = 0.8;
  double brightness = 0.2, contrast = 0.2, saturation = 0.2;  ///< factors uniform in 1 ± this
  double hue = 0.05;                                          ///< of the color circle, uniform in ±
};

/// rician: the magnitude with noise in both of its components.
enum class NoiseModel { gaussian, rician };
std::span<const std::string_view> enum_names(NoiseModel);

struct AugmentOptions {
  std::vector<Axis> flip;  ///< each with probability 1/2
  double affine_probability = 0;
  double rotate = 0;     ///< degrees, uniform in ±
  double scale = 0;      ///< factor uniform in 1 ± scale
  double translate = 0;  ///< mm, uniform in ±
  std::optional<ElasticOptions> elastic;
  double intensity_probability = 0;
  double shift = 0;  ///< added, uniform in ±, after normalisation, a channel
  double gain = 0;   ///< factor uniform in 1 ± gain, a channel
  double noise = 0;  ///< standard deviation of the noise
  NoiseModel noise_model = NoiseModel::gaussian;
  double gamma = 0;     ///< exponent exp(uniform ±gamma) on the min-max-scaled channel
  double contrast = 0;  ///< about the channel's mean, factor uniform in 1 ± contrast
  std::optional<BiasFieldOptions> bias_field;
  std::optional<BlurOptions> blur;
  std::optional<LowResolutionOptions> low_resolution;
  std::optional<GhostingOptions> ghosting;
  std::optional<MotionOptions> motion;
  std::optional<SpikeOptions> spike;
  std::optional<ColorJitterOptions> color_jitter;  ///< pictures of three channels, normalised by `fixed`
  std::optional<HedOptions> hed_jitter;            ///< the same, of stained tissue
  std::optional<CoarseDropoutOptions> coarse_dropout;
  double drop_channel = 0;  ///< probability of blanking each image channel (never the last one present)
};
void describe(config::Fields& f, AugmentOptions& o);

}  // namespace photo51::preprocess

#include <algorithm>
#include <cmath>
#include <string>

#include "photo51/config/enums.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/ops/intensity.hpp"
#include "photo51/preprocess/augment/augment.hpp"

namespace photo51::preprocess {
namespace {

double within(core::Random& random, const std::array<double, 2>& range) {
  return random.uniform(range[0], range[1]);
}

ops::DisplacementGrid draw_elastic(const ElasticOptions& options, core::Random& random) {
  ops::DisplacementGrid grid;
  const int64_t n = options.points;
  grid.points = {n, n, n};
  const auto free = [&](int64_t i) { return i >= options.locked_borders && i < n - options.locked_borders; };
  for (int64_t direction = 0; direction < 3; ++direction)
    for (int64_t z = 0; z < n; ++z)
      for (int64_t y = 0; y < n; ++y)
        for (int64_t x = 0; x < n; ++x)
          grid.values.push_back(free(x) && free(y) && free(z) ? static_cast<float>(random.uniform(
                                                                    -options.magnitude, options.magnitude))
                                                              : 0.0F);
  return grid;
}

Motion draw_motion(const MotionOptions& options, core::Random& random) {
  Motion motion;
  const auto parts = static_cast<double>(options.movements + 1);
  for (int64_t i = 1; i <= options.movements; ++i) {
    motion.times.push_back((static_cast<double>(i) + random.uniform(-0.3, 0.3)) / parts);
    auto& rotate = motion.rotate.emplace_back();
    auto& translate = motion.translate.emplace_back();
    for (double& angle : rotate) angle = random.uniform(-options.rotate, options.rotate);
    for (double& way : translate) way = random.uniform(-options.translate, options.translate);
  }
  return motion;
}

Spikes draw_spikes(const SpikeOptions& options, core::Random& random) {
  Spikes spikes;
  spikes.intensity = within(random, options.intensity);
  for (int64_t i = 0; i < options.spikes; ++i)
    for (double& at : spikes.places.emplace_back()) at = random.uniform();
  return spikes;
}

/// What one image channel goes through; `stream` gives the numbers of a step.
template <class Stream>
void draw_channel(Augmentation::Channel& channel, const AugmentOptions& options, bool intensity,
                  Stream stream) {
  if (intensity) {
    auto random = stream("intensity");
    channel.gamma = std::exp(random.uniform(-options.gamma, options.gamma));
    channel.gain = random.uniform(1 - options.gain, 1 + options.gain);
    channel.shift = random.uniform(-options.shift, options.shift);
    channel.noise = options.noise;
    channel.rician = options.noise_model == NoiseModel::rician;
    channel.noise_seed = random.next_u64();
    channel.contrast = random.uniform(1 - options.contrast, 1 + options.contrast);
  }
  const auto step = [&](const char* name, const auto& section, auto fill) {
    if (!section) return;
    auto random = stream(name);
    if (random.chance(section->probability)) fill(*section, random);
  };
  step("low_resolution", options.low_resolution,
       [&](const auto& o, core::Random& random) { channel.zoom = within(random, o.zoom); });
  step("blur", options.blur,
       [&](const auto& o, core::Random& random) { channel.blur = within(random, o.sigma); });
  step("motion", options.motion,
       [&](const auto& o, core::Random& random) { channel.motion = draw_motion(o, random); });
  step("ghosting", options.ghosting, [&](const auto& o, core::Random& random) {
    const auto choices = static_cast<uint64_t>(o.ghosts[1] - o.ghosts[0] + 1);
    channel.ghosting.ghosts = o.ghosts[0] + static_cast<int64_t>(random.below(choices));
    channel.ghosting.axis = random.below(3);
    channel.ghosting.intensity = within(random, o.intensity);
  });
  step("spike", options.spike,
       [&](const auto& o, core::Random& random) { channel.spikes = draw_spikes(o, random); });
  step("bias_field", options.bias_field, [&](const auto& o, core::Random& random) {
    channel.bias_order = o.order;
    channel.bias.resize(static_cast<size_t>(ops::bias_coefficients(o.order)));
    for (double& coefficient : channel.bias) coefficient = random.uniform(-o.magnitude, o.magnitude);
  });
}

}  // namespace

Augmentation sample_augmentation(const AugmentOptions& options, const core::SampleKey& key,
                                 const std::string& case_id, const std::vector<bool>& present) {
  const auto stream = [&](const std::string& step) { return key.stream(case_id, "preprocess." + step); };
  Augmentation drawn;
  for (const Axis axis : options.flip)
    drawn.flip[static_cast<size_t>(axis)] = stream("flip." + config::name_of(axis)).chance(0.5);

  auto affine = stream("affine");
  drawn.affine = affine.chance(options.affine_probability);
  if (drawn.affine) {
    for (double& angle : drawn.rotate) angle = affine.uniform(-options.rotate, options.rotate);
    drawn.scale = affine.uniform(1 - options.scale, 1 + options.scale);
    for (double& shift : drawn.translate) shift = affine.uniform(-options.translate, options.translate);
  }
  if (options.elastic) {
    auto random = stream("elastic");
    if (random.chance(options.elastic->probability)) drawn.elastic = draw_elastic(*options.elastic, random);
  }

  drawn.channels.resize(present.size());
  const bool intensity = stream("intensity").chance(options.intensity_probability);
  for (size_t c = 0; c < present.size(); ++c)
    if (present[c])
      draw_channel(drawn.channels[c], options, intensity,
                   [&](const std::string& step) { return stream(step + "." + std::to_string(c)); });
  if (const auto& jitter = options.color_jitter) {
    auto random = stream("color_jitter");
    const auto factor = [&](double spread) { return random.uniform(1 - spread, 1 + spread); };
    if (random.chance(jitter->probability))
      drawn.colors = ColorChange{factor(jitter->brightness), factor(jitter->contrast),
                                 factor(jitter->saturation), random.uniform(-jitter->hue, jitter->hue)};
  }
  if (options.hed_jitter) {
    const HedJitter jitter = sample_hed(*options.hed_jitter, key, case_id);
    if (jitter != HedJitter{}) drawn.stain = jitter;
  }
  if (const auto& dropout = options.coarse_dropout) {
    auto random = stream("coarse_dropout");
    drawn.hole_fill = dropout->fill;
    for (int64_t i = 0, holes = random.chance(dropout->probability) ? dropout->holes : 0; i < holes; ++i) {
      auto& hole = drawn.holes.emplace_back();
      for (size_t axis = 0; axis < 3; ++axis) {
        hole.centre[axis] = random.uniform();
        hole.size[axis] = dropout->size[axis];
      }
    }
  }

  std::vector<size_t> dropped, here;
  for (size_t c = 0; c < present.size(); ++c) {
    if (!present[c]) continue;
    here.push_back(c);
    if (stream("drop." + std::to_string(c)).chance(options.drop_channel)) dropped.push_back(c);
  }
  if (!here.empty() && dropped.size() == here.size())
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(stream("spare").below(dropped.size())));
  for (const size_t c : dropped) drawn.channels[c].drop = true;
  return drawn;
}

}  // namespace photo51::preprocess

#include "photo51/preprocess/augment.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/ops/resample.hpp"
#include "preprocess/affine.hpp"

namespace photo51::preprocess {
namespace {

size_t axis_named(const std::string& axis) {
  if (axis == "x") return 0;
  if (axis == "y") return 1;
  if (axis == "z") return 2;
  core::fail_usage("flip: there is no axis `" + axis + "`" + core::suggest(axis, {"x", "y", "z"}));
}

at::Tensor move(const at::Tensor& prepared, const imaging::Geometry& geometry,
                const Augmentation& augmentation, const PreprocessOptions& options) {
  if (!augmentation.affine) {
    std::vector<int64_t> dimensions;
    for (size_t i = 0; i < 3; ++i)
      if (augmentation.flip[i]) dimensions.push_back(static_cast<int64_t>(3 - i));
    return dimensions.empty() ? prepared.clone() : prepared.flip(dimensions);
  }
  const auto map = augmentation_map(geometry, augmentation);
  const auto channels = static_cast<int64_t>(augmentation.channels.size());
  const int64_t images = channels == 0 ? prepared.size(0) : std::min(channels, prepared.size(0));
  auto moved = at::empty_like(prepared, at::MemoryFormat::Contiguous);
  const auto part = [&](int64_t first, int64_t count, ops::Interpolation interpolation) {
    if (count == 0) return;
    ops::ResampleOptions how;
    how.interpolation = interpolation;
    auto to = moved.narrow(0, first, count);
    ops::resample_into(to, prepared.narrow(0, first, count), map, how);
  };
  part(0, images,
       options.interpolation == "nearest" ? ops::Interpolation::nearest : ops::Interpolation::linear);
  part(images, prepared.size(0) - images, ops::Interpolation::nearest);
  return moved;
}

}  // namespace

Augmentation draw(const AugmentOptions& options, int64_t seed, int64_t epoch, const std::string& case_id,
                  const std::vector<bool>& present) {
  const auto stream = [&, person = core::hash_key(case_id)](const std::string& step) {
    return core::Random(
        {static_cast<uint64_t>(seed), static_cast<uint64_t>(epoch), person, core::hash_key(step)});
  };
  Augmentation drawn;
  for (const auto& axis : options.flip)
    drawn.flip[axis_named(axis)] = stream("preprocess.flip." + axis).chance(0.5);

  auto affine = stream("preprocess.affine");
  drawn.affine = affine.chance(options.affine_probability);
  if (drawn.affine) {
    for (double& angle : drawn.rotate) angle = affine.uniform(-options.rotate, options.rotate);
    drawn.scale = affine.uniform(1 - options.scale, 1 + options.scale);
    for (double& shift : drawn.translate) shift = affine.uniform(-options.translate, options.translate);
  }

  drawn.channels.resize(present.size());
  const bool intensity = stream("preprocess.intensity").chance(options.intensity_probability);
  for (size_t c = 0; c < present.size() && intensity; ++c) {
    if (!present[c]) continue;
    auto random = stream("preprocess.intensity." + std::to_string(c));
    auto& channel = drawn.channels[c];
    channel.gamma = std::exp(random.uniform(-options.gamma, options.gamma));
    channel.gain = random.uniform(1 - options.gain, 1 + options.gain);
    channel.shift = random.uniform(-options.shift, options.shift);
    channel.noise = options.noise;
    channel.noise_seed = random.next_u64();
  }

  std::vector<size_t> dropped, here;
  for (size_t c = 0; c < present.size(); ++c) {
    if (!present[c]) continue;
    here.push_back(c);
    if (stream("preprocess.drop." + std::to_string(c)).chance(options.drop_channel)) dropped.push_back(c);
  }
  if (!here.empty() && dropped.size() == here.size())
    dropped.erase(dropped.begin() +
                  static_cast<std::ptrdiff_t>(stream("preprocess.spare").below(dropped.size())));
  for (const size_t c : dropped) drawn.channels[c].drop = true;
  return drawn;
}

Augmentation flips(const std::vector<std::string>& axes) {
  Augmentation augmentation;
  for (const auto& axis : axes) augmentation.flip[axis_named(axis)] = true;
  return augmentation;
}

at::Tensor apply(const at::Tensor& prepared, const imaging::Geometry& geometry,
                 const Augmentation& augmentation, const PreprocessOptions& options) {
  auto values = move(prepared, geometry, augmentation, options);
  augment_intensities(values, augmentation);
  return values;
}

void augment_intensities(at::Tensor& values, const Augmentation& augmentation) {
  const auto count = std::min(static_cast<int64_t>(augmentation.channels.size()), values.size(0));
  for (int64_t c = 0; c < count; ++c) {
    const auto& change = augmentation.channels[static_cast<size_t>(c)];
    auto channel = values.select(0, c);
    if (change.drop) {
      channel.zero_();
      continue;
    }
    if (change.gamma != 1) {
      const auto [low_tensor, high_tensor] = at::aminmax(channel);
      const double low = low_tensor.item<double>();
      const double range = high_tensor.item<double>() - low;
      if (range > 0) channel.sub_(low).div_(range).clamp_(0, 1).pow_(change.gamma).mul_(range).add_(low);
    }
    if (change.gain != 1) channel.mul_(change.gain);
    if (change.shift != 0) channel.add_(change.shift);
    if (change.noise > 0) {
      const auto generator = at::detail::createCPUGenerator(change.noise_seed);
      channel.add_(at::empty_like(channel).normal_(0, change.noise, generator));
    }
  }
}

}  // namespace photo51::preprocess

#include "photo51/preprocess/augment/augment.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "photo51/ops/intensity.hpp"
#include "photo51/ops/resample.hpp"
#include "preprocess/augment/color_jitter.hpp"
#include "preprocess/geometry/affine.hpp"
#include "preprocess/geometry/interpolation.hpp"

namespace photo51::preprocess {
namespace {

at::Tensor move(const at::Tensor& prepared, const imaging::Geometry& geometry,
                const Augmentation& augmentation, const PreprocessOptions& options) {
  const auto displacement = elastic_voxels(geometry, augmentation);
  if (!augmentation.affine && displacement.values.empty()) {
    const at::Tensor values = mirrored(prepared, augmentation);
    return values.is_same(prepared) ? prepared.clone() : values;
  }
  const auto map = augmentation_map(geometry, augmentation);
  const auto channels = static_cast<int64_t>(augmentation.channels.size());
  const int64_t images = channels == 0 ? prepared.size(0) : std::min(channels, prepared.size(0));
  auto moved = at::empty_like(prepared, at::MemoryFormat::Contiguous);
  const auto part = [&](int64_t first, int64_t count, ops::Interpolation interpolation) {
    if (count == 0) return;
    ops::ResampleOptions how;
    how.interpolation = interpolation;
    if (!displacement.values.empty()) how.displacement = &displacement;
    auto to = moved.narrow(0, first, count);
    ops::resample_into(to, prepared.narrow(0, first, count), map, how);
  };
  part(0, images, interpolation_from(options.interpolation));
  part(images, prepared.size(0) - images, ops::Interpolation::nearest);
  return moved;
}

/// A box of voxels about its centre, cut at the image's edge.
void cover(at::Tensor images, const Augmentation::Hole& hole, double fill) {
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto dimension = static_cast<int64_t>(3 - axis);
    const int64_t count = images.size(dimension);
    const auto centre = static_cast<int64_t>(hole.centre[axis] * static_cast<double>(count));
    const int64_t first = std::max<int64_t>(0, centre - hole.size[axis] / 2);
    const int64_t end = std::min(count, centre - hole.size[axis] / 2 + hole.size[axis]);
    images = images.narrow(dimension, first, std::max<int64_t>(0, end - first));
  }
  images.fill_(fill);
}

}  // namespace

Augmentation flips(const std::vector<Axis>& axes) {
  Augmentation augmentation;
  for (const Axis axis : axes) augmentation.flip[static_cast<size_t>(axis)] = true;
  return augmentation;
}

at::Tensor mirrored(const at::Tensor& prepared, const Augmentation& augmentation) {
  std::vector<int64_t> dimensions;
  for (size_t i = 0; i < 3; ++i)
    if (augmentation.flip[i]) dimensions.push_back(static_cast<int64_t>(3 - i));
  return dimensions.empty() ? prepared : prepared.flip(dimensions);
}

at::Tensor apply(const at::Tensor& prepared, const imaging::Geometry& geometry,
                 const Augmentation& augmentation, const PreprocessOptions& options) {
  auto values = move(prepared, geometry, augmentation, options);
  recolor(values, augmentation, options.normalize);
  augment_intensities(values, geometry.spacing, augmentation);
  return values;
}

void augment_intensities(at::Tensor& values, const std::array<double, 3>& spacing,
                         const Augmentation& augmentation, core::ThreadPool* pool) {
  const auto count = std::min(static_cast<int64_t>(augmentation.channels.size()), values.size(0));
  for (int64_t c = 0; c < count; ++c) {
    const auto& change = augmentation.channels[static_cast<size_t>(c)];
    auto channel = values.select(0, c);
    if (change.drop) {
      channel.zero_();
      continue;
    }
    if (change.zoom != 1) simulate_low_resolution(channel, change.zoom);
    if (change.blur > 0) blur(channel, spacing, change.blur);
    if (!change.motion.times.empty()) add_motion(channel, spacing, change.motion);
    Ghosting ghosting = change.ghosting;
    if (channel.size(0) == 1) ghosting.axis %= 2;  // one slice: along x or y
    add_ghosts(channel, ghosting);
    add_spikes(channel, change.spikes);
    ops::change_intensities(channel,
                            {.contrast = change.contrast,
                             .gamma = change.gamma,
                             .gain = change.gain,
                             .shift = change.shift,
                             .bias = change.bias,
                             .bias_order = change.bias_order,
                             .noise = change.noise,
                             .rician = change.rician,
                             .seed = change.noise_seed},
                            pool);
  }
  for (const auto& hole : augmentation.holes) cover(values.narrow(0, 0, count), hole, augmentation.hole_fill);
}

}  // namespace photo51::preprocess

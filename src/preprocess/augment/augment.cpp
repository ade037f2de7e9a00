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

/// How a part of a case is read: its grid, and where its voxels lie in the case.
struct PartView {
  imaging::Geometry grid;
  AffineMap map;
  ops::DisplacementGrid displacement;
  bool only_mirrors = false;  ///< voxels stay whole

  PartView(const imaging::Geometry& geometry, const Augmentation& augmentation, const Patch& patch)
      : grid(patch_grid(geometry, patch)),
        map(augmentation_map(grid, augmentation)),
        displacement(elastic_voxels(grid, augmentation)),
        only_mirrors(!augmentation.affine && displacement.values.empty()) {
    for (size_t i = 0; i < 3; ++i) map.offset[i] += static_cast<double>(patch.corner[i]);
  }
};

/// The patch of `values` [C, D, H, W], with `outside` beyond them.
at::Tensor cut(const at::Tensor& values, const Patch& patch, double outside) {
  std::vector<int64_t> sides;  // x first
  at::Tensor inside = values;
  for (size_t i = 0; i < 3; ++i) {
    const auto dimension = static_cast<int64_t>(3 - i);
    const int64_t count = values.size(dimension), first = std::clamp<int64_t>(patch.corner[i], 0, count),
                  end = std::clamp<int64_t>(patch.corner[i] + patch.size[i], first, count);
    inside = inside.narrow(dimension, first, end - first);
    const int64_t before = std::clamp<int64_t>(-patch.corner[i], 0, patch.size[i] - (end - first));
    sides.insert(sides.end(), {before, patch.size[i] - (end - first) - before});
  }
  const bool whole = std::all_of(sides.begin(), sides.end(), [](int64_t more) { return more == 0; });
  return whole ? inside.contiguous() : at::constant_pad_nd(inside, sides, outside);
}

void read_part(const at::Tensor& from, at::Tensor to, const PartView& view, ops::Interpolation interpolation,
               float outside) {
  if (from.size(0) == 0) return;
  ops::ResampleOptions how;
  how.interpolation = interpolation;
  how.padding_value = outside;
  if (!view.displacement.values.empty()) how.displacement = &view.displacement;
  ops::resample_into(to, from, view.map, how);
}

at::Tensor move(const at::Tensor& prepared, const imaging::Geometry& geometry,
                const Augmentation& augmentation, const PreprocessOptions& options,
                const std::optional<Patch>& patch) {
  const Patch part = patch.value_or(whole_patch(geometry));
  const PartView view(geometry, augmentation, part);
  if (view.only_mirrors) {
    const at::Tensor values = mirrored(patch ? cut(prepared, part, 0) : prepared, augmentation);
    return values.is_same(prepared) || values.is_alias_of(prepared) ? values.clone() : values;
  }
  const auto channels = static_cast<int64_t>(augmentation.channels.size());
  const int64_t images = channels == 0 ? prepared.size(0) : std::min(channels, prepared.size(0));
  auto moved = at::empty({prepared.size(0), part.size[2], part.size[1], part.size[0]}, prepared.options());
  read_part(prepared.narrow(0, 0, images), moved.narrow(0, 0, images), view,
            interpolation_from(options.interpolation), 0);
  read_part(prepared.narrow(0, images, prepared.size(0) - images),
            moved.narrow(0, images, prepared.size(0) - images), view, ops::Interpolation::nearest, 0);
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

imaging::Geometry patch_grid(const imaging::Geometry& geometry, const Patch& patch) {
  imaging::Geometry grid = geometry;
  std::array<double, 3> corner{};
  for (size_t i = 0; i < 3; ++i) corner[i] = static_cast<double>(patch.corner[i]);
  grid.origin = geometry.to_world(corner);
  grid.size = patch.size;
  return grid;
}

Patch whole_patch(const imaging::Geometry& geometry) {
  return {{0, 0, 0}, geometry.size};
}

at::Tensor apply_to_classes(const at::Tensor& classes, const imaging::Geometry& geometry,
                            const Augmentation& augmentation, const std::optional<Patch>& patch,
                            uint8_t outside) {
  const Patch part = patch.value_or(whole_patch(geometry));
  const PartView view(geometry, augmentation, part);
  if (view.only_mirrors) return mirrored(patch ? cut(classes, part, outside) : classes, augmentation);
  at::Tensor moved = at::empty({classes.size(0), part.size[2], part.size[1], part.size[0]},
                               classes.options().dtype(at::kFloat));
  read_part(classes.contiguous(), moved, view, ops::Interpolation::nearest, outside);
  return moved.to(at::kByte);
}

at::Tensor apply(const at::Tensor& prepared, const imaging::Geometry& geometry,
                 const Augmentation& augmentation, const PreprocessOptions& options,
                 const std::optional<Patch>& patch) {
  auto values = move(prepared, geometry, augmentation, options, patch);
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

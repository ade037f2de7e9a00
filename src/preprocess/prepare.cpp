#include "photo51/preprocess/prepare.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "photo51/core/error.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/ops/memory.hpp"
#include "photo51/ops/resample.hpp"
#include "photo51/ops/scan.hpp"
#include "photo51/preprocess/intensity/histogram.hpp"
#include "photo51/preprocess/intensity/normalize.hpp"
#include "preprocess/augment/color_jitter.hpp"
#include "preprocess/geometry/affine.hpp"
#include "preprocess/geometry/grid.hpp"
#include "preprocess/geometry/interpolation.hpp"
#include "preprocess/intensity/n4.hpp"

namespace photo51::preprocess {
namespace {

using imaging::Volume;

/// Whether voxels of the image say how it is scaled.
bool takes_statistics(NormalizeMethod method) {
  return method == NormalizeMethod::zscore || method == NormalizeMethod::percentile ||
         method == NormalizeMethod::histogram;
}

/// One case while it is prepared.
struct Case {
  const std::vector<std::optional<Volume>>& channels;
  const std::optional<Volume>& mask;
  const PreprocessOptions& options;
  const std::vector<std::string>& names;
  const Registrations& registrations;

  bool is_registered(size_t c) const { return c < registrations.size() && registrations[c].has_value(); }
  /// From the channel's voxels to the frame's world.
  AffineMap world_of_channel(size_t c) const {
    const AffineMap own = world_of(channels[c]->geometry);
    return is_registered(c) ? compose(inverse(*registrations[c]), own) : own;
  }
  /// Of the whole scan, whatever of it is kept; nothing when no method asks.
  std::optional<Intensities> intensities(size_t c) const {
    const NormalizeRegion region = options.normalize.region;
    if (!takes_statistics(options.normalize.method)) return {};
    if (region == NormalizeRegion::all || region == NormalizeRegion::mask) return {};
    Intensities found = intensities_of(channels[c]->data);
    found.hounsfield =
        channels[c]->units == imaging::Units::hounsfield || channels[c]->modality == imaging::Modality::ct;
    return found;
  }
  std::string name_of(size_t c) const {
    std::string name = "channel ";
    if (c < names.size()) {
      name += names[c];
    } else if (channels[c] && !channels[c]->channels.empty()) {
      name += channels[c]->channels[0];
    } else {
      name += std::to_string(c);
    }
    return with_source(name, *channels[c]);
  }
  static std::string with_source(const std::string& name, const Volume& volume) {
    return volume.source.empty() ? name : name + " (" + volume.source + ")";
  }
};

void check_volume(const Volume& volume, const std::string& name) {
  if (!volume.data.defined() || volume.data.dim() != 4 || volume.data.numel() == 0)
    core::fail_data(name + ": holds no voxels");
  if (volume.data.size(0) != 1)
    core::fail_data(name + ": has " + std::to_string(volume.data.size(0)) +
                    " channels in one volume; give one file a channel");
  const int64_t wrong = ops::count_nonfinite(volume.data);
  if (wrong > 0)
    core::fail_data(name + ": " + std::to_string(wrong) + " of " + std::to_string(volume.data.numel()) +
                    " voxels are NaN or infinite; repair the file (for example, set them to 0)");
}

const Volume& check_case(const Case& item) {
  const Volume* frame = nullptr;
  for (size_t c = 0; c < item.channels.size(); ++c) {
    if (!item.channels[c]) continue;
    check_volume(*item.channels[c], item.name_of(c));
    if (frame == nullptr && !item.is_registered(c)) frame = &*item.channels[c];
  }
  if (item.mask) {
    check_volume(*item.mask, Case::with_source("mask", *item.mask));
    if (frame == nullptr) frame = &*item.mask;
  }
  if (frame != nullptr) return *frame;
  for (const auto& channel : item.channels)
    if (channel)
      core::fail_data("every present channel has a registration; the one that they lead from must be there");
  core::fail_data("there is nothing to prepare: every channel and the mask are absent");
}

/// The part of the grid to keep before `size`.
Box crop_box(const Case& item, const imaging::Geometry& grid) {
  const CropOptions& crop = item.options.crop;
  std::optional<Box> box;
  if (crop.around == CropAround::none)
    return Box{{0, 0, 0}, {grid.size[0] - 1, grid.size[1] - 1, grid.size[2] - 1}};
  if (crop.around == CropAround::mask) {
    if (!item.mask) core::fail_data("crop around mask: this case has no mask; give one or crop otherwise");
    const std::string name = Case::with_source("mask", *item.mask);
    const auto found = ops::box_nonzero(item.mask->data);
    if (!found) core::fail_data("crop around mask: " + name + " is empty: all of its voxels are 0");
    box = grown(grid, box_on(grid, world_of(item.mask->geometry), *found), crop.margin);
    if (!box) core::fail_data("crop around mask: " + name + " lies wholly outside the image");
    return *box;
  }
  for (size_t c = 0; c < item.channels.size(); ++c) {
    if (!item.channels[c]) continue;
    const auto found = ops::box_above(item.channels[c]->data, crop.threshold);
    if (!found) continue;
    const Box here = box_on(grid, item.world_of_channel(c), *found);
    if (!box) box = here;
    for (size_t i = 0; i < 3; ++i) {
      box->low[i] = std::min(box->low[i], here.low[i]);
      box->high[i] = std::max(box->high[i], here.high[i]);
    }
  }
  if (box) box = grown(grid, *box, crop.margin);
  if (!box) core::fail_data("crop around foreground: no voxel is above the threshold; check crop.threshold");
  return *box;
}

/// Where the result's voxels lie in the world: an affine map and, in mm of the world, what is added.
struct View {
  AffineMap to_world;
  ops::DisplacementGrid displacement;
};

/// Reads `volume` as the view says into one channel of the result. Averaging
/// works along voxel axes only: an oblique map first averages onto a coarser grid of the volume's own.
void sample(const Volume& volume, const AffineMap& volume_to_world, const View& view, at::Tensor target,
            ops::ResampleOptions options) {
  const AffineMap to_volume = inverse(volume_to_world);
  const AffineMap map = compose(to_volume, view.to_world);
  auto displacement = turned(to_volume, view.displacement);
  const bool displaced = !displacement.values.empty();
  if (displaced) options.displacement = &displacement;
  const std::array<int64_t, 3> size{target.size(3), target.size(2), target.size(1)};
  if (!options.antialias || (!displaced && ops::is_axis_aligned(map, size)))
    return ops::resample_into(target, volume.data, map, options);
  AffineMap coarse;
  std::array<int64_t, 3> coarse_size{};
  for (size_t i = 0; i < 3; ++i) {
    const double step =
        std::max(1.0, std::hypot(map.matrix[3 * i], map.matrix[3 * i + 1], map.matrix[3 * i + 2]));
    coarse.matrix[4 * i] = step;
    coarse_size[i] = static_cast<int64_t>(std::nearbyint(
                         static_cast<double>(volume.data.size(3 - static_cast<int64_t>(i)) - 1) / step)) +
                     1;
  }
  ops::ResampleOptions plain = options;
  plain.antialias = false;
  options.displacement = nullptr;
  const auto averaged = ops::resample(volume.data, coarse, coarse_size, options);
  displacement = turned(inverse(coarse), std::move(displacement));
  ops::resample_into(target, averaged, compose(inverse(coarse), map), plain);
}

std::vector<std::optional<Volume>> without_bias(const Case& item) {
  auto channels = item.channels;
  for (size_t c = 0; c < channels.size(); ++c)
    if (channels[c])
      channels[c] = core::with_context(
          [&] { return item.name_of(c); },
          [&] { return correct_bias_field(*channels[c], item.options.bias_field_correction); });
  return channels;
}

bool needs_mask(const NormalizeOptions& options) {
  return options.region == NormalizeRegion::mask && takes_statistics(options.method);
}

/// The mask with voxels of 0 around it: resampling goes on with the last voxel for half an output step.
Volume framed(Volume mask) {
  imaging::Geometry& grid = mask.geometry;
  grid.origin = grid.to_world({-1, -1, -1});
  for (int64_t& size : grid.size) size += 2;
  mask.data = at::constant_pad_nd(mask.data, {1, 1, 1, 1, 1, 1});
  return mask;
}

/// The mask on the output grid, 0 or 1; undefined when it is absent. Unless it is `moved`, by the same rule
/// as everywhere, ties included.
at::Tensor sample_mask(const Case& item, const View& view, const imaging::Geometry& geometry, bool moved,
                       core::ThreadPool* pool) {
  if (!item.mask) return {};
  if (!moved) return imaging::on_grid_of(*item.mask, geometry).data.ne(0).to(at::kByte);
  auto found = at::empty({1, geometry.size[2], geometry.size[1], geometry.size[0]}, at::kFloat);
  ops::ResampleOptions nearest;
  nearest.interpolation = ops::Interpolation::nearest;
  nearest.pool = pool;
  const Volume mask = framed(*item.mask);
  sample(mask, world_of(mask.geometry), view, found, nearest);
  return found.ne(0).to(at::kByte);
}

}  // namespace

Prepared prepare(const std::vector<std::optional<Volume>>& channels, const std::optional<Volume>& mask,
                 bool mask_channel, const PreprocessOptions& options, const Augmentation* augmentation,
                 const std::vector<std::string>& names, core::ThreadPool* pool,
                 const Registrations& registrations) {
  const Case item{channels, mask, options, names, registrations};
  const Volume& frame = check_case(item);
  if (options.bias_field_correction.method != BiasMethod::none) {
    PreprocessOptions rest = options;
    rest.bias_field_correction = {};
    return prepare(without_bias(item), mask, mask_channel, rest, augmentation, names, pool, registrations);
  }
  const imaging::Geometry grid = full_grid(frame.geometry, options);
  Prepared result;
  result.frame = frame.geometry;
  result.geometry = output_grid(grid, crop_box(item, grid), options);
  const imaging::Geometry& geometry = result.geometry;
  View view{world_of(geometry), {}};
  if (augmentation != nullptr) {
    view.displacement = turned(view.to_world, elastic_voxels(geometry, *augmentation));
    view.to_world = compose(view.to_world, augmentation_map(geometry, *augmentation));
  }

  const auto images = static_cast<int64_t>(channels.size());
  result.values = ops::empty_image(
      {images + (mask_channel ? 1 : 0), geometry.size[2], geometry.size[1], geometry.size[0]}, at::kFloat);
  at::Tensor mask_values;
  if (mask_channel || needs_mask(options.normalize)) {
    mask_values = sample_mask(item, view, geometry, augmentation != nullptr, pool);
    if (mask_values.defined() && !ops::box_nonzero(mask_values)) {
      const std::string why = ops::box_nonzero(mask->data)
                                  ? "none of the mask's voxels lies in the prepared image"
                                  : "the mask is empty: all of its voxels are 0";
      if (needs_mask(options.normalize))
        core::fail_data(Case::with_source("mask", *mask) +
                        ": normalize region is mask, but the mask has no voxel in the prepared image (" +
                        why + "); mend the mask or set normalize.region to another");
      result.warnings.push_back({-1, why});
    }
  }

  ops::ResampleOptions how;
  how.interpolation = interpolation_from(options.interpolation);
  how.antialias = options.antialias && how.interpolation != ops::Interpolation::nearest;
  how.padding_value = std::numeric_limits<float>::quiet_NaN();  // outside the scan, for normalize
  how.pool = pool;
  const bool by_histogram = options.normalize.method == NormalizeMethod::histogram;
  if (by_histogram) result.landmarks.resize(channels.size());
  for (int64_t c = 0; c < images; ++c) {
    const auto at = static_cast<size_t>(c);
    auto target = result.values.narrow(0, c, 1);
    if (!channels[at]) {
      target.zero_();
      continue;
    }
    sample(*channels[at], item.world_of_channel(at), view, target, how);
    Normalized told;
    core::with_context([&] { return item.name_of(at); },
                       [&] {
                         const auto whole = item.intensities(at);
                         if (by_histogram)
                           result.landmarks[at] =
                               to_landmark_scale(target, mask_values, options.normalize, whole, &told);
                         else
                           told = normalize(target, mask_values, options.normalize, at, whole);
                       });
    if (!told.region.empty()) result.regions.insert(told.region);
    for (const auto& warning : told.warnings) result.warnings.push_back({c, warning});
  }
  if (mask_channel) {
    auto target = result.values.narrow(0, images, 1);
    if (mask_values.defined()) {
      target.copy_(mask_values);
    } else {
      target.zero_();
    }
  }
  if (augmentation != nullptr) {
    recolor(result.values, *augmentation, options.normalize);
    augment_intensities(result.values, geometry.spacing, *augmentation, pool);
  }
  return result;
}

}  // namespace photo51::preprocess

#include "radiomics/region/region.hpp"

#include <ATen/Dispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "radiomics/region/resample.hpp"

namespace photo51::radiomics {
namespace {

/// Calls `body(voxels)` with the voxels of the volume's one channel as their own type.
template <class Body>
void with_voxels(const imaging::Volume& volume, Body&& body) {
  const at::Tensor data = volume.data.contiguous();
  AT_DISPATCH_ALL_TYPES_AND(at::kBool, data.scalar_type(), "radiomics",
                            [&] { body(data.const_data_ptr<scalar_t>()); });
}

/// Voxels of the box. Plain loops: regions are small beside what starting ATen's threads takes.
template <class Value, class Convert>
std::vector<Value> crop(const imaging::Volume& volume, const std::array<Span, 3>& spans, Convert&& convert) {
  const Span &z = spans[0], &y = spans[1], &x = spans[2];
  const auto& size = volume.geometry.size;
  std::vector<Value> box(z.count * y.count * x.count);
  with_voxels(volume, [&](const auto* voxels) {
    Value* to = box.data();
    for (int64_t k = z.from; k < z.from + z.count; ++k)
      for (int64_t j = y.from; j < y.from + y.count; ++j, to += x.count) {
        const auto* row = voxels + (k * size[1] + j) * size[0] + x.from;
        std::transform(row, row + x.count, to, convert);
      }
  });
  return box;
}

std::vector<double> crop_image(const imaging::Volume& image, const std::array<Span, 3>& spans) {
  return crop<double>(image, spans, [](auto value) { return static_cast<double>(value); });
}

Mask crop_mask(const imaging::Volume& mask, const std::array<Span, 3>& spans, Interpolation interpolation) {
  if (std::all_of(spans.begin(), spans.end(), [](const Span& span) { return span.axis.same(); }))
    return crop<uint8_t>(mask, spans, [](auto value) { return static_cast<uint8_t>(value != 0); });
  const std::vector<double> cover = interpolate(
      crop<double>(mask, spans, [](auto value) { return value != 0 ? 1.0 : 0.0; }), spans, interpolation);
  constexpr double kHalf = 0.5 - 1e-9;  // half a voxel is inside whatever the rounding
  Mask inside(cover.size());
  for (size_t i = 0; i < cover.size(); ++i) inside[i] = cover[i] >= kHalf;
  return inside;
}

Grid grid_of(const imaging::Geometry& geometry) {
  return {{geometry.size[2], geometry.size[1], geometry.size[0]},
          {geometry.spacing[2], geometry.spacing[1], geometry.spacing[0]}};
}

/// Without a way out of the loop, so that it is a few vector instructions: of most rows nothing else is read.
template <class Voxel>
bool any_inside(const Voxel* row, int64_t width) {
  if constexpr (std::is_integral_v<Voxel>) {
    Voxel bits{};
    for (int64_t x = 0; x < width; ++x) bits |= row[x];
    return bits != Voxel{};
  } else {
    bool any = false;
    for (int64_t x = 0; x < width; ++x) any |= row[x] != Voxel{};
    return any;
  }
}

/// The box around what is not 0.
template <class Voxel>
Box box_of_nonzero(const Voxel* voxels, const Grid& grid) {
  Box box{grid.size, {-1, -1, -1}};
  const auto inside = [](Voxel value) { return value != Voxel{}; };
  const int64_t width = grid.size[2];
  for (int64_t z = 0; z < grid.size[0]; ++z) {
    for (int64_t y = 0; y < grid.size[1]; ++y, voxels += width) {
      if (!any_inside(voxels, width)) continue;
      const int64_t first = std::find_if(voxels, voxels + width, inside) - voxels;
      int64_t last = width - 1;
      while (!inside(voxels[last])) --last;
      const std::array<int64_t, 3> low{z, y, first}, high{z, y, last};
      for (int axis = 0; axis < 3; ++axis) {
        box.first[axis] = std::min(box.first[axis], low[axis]);
        box.last[axis] = std::max(box.last[axis], high[axis]);
      }
    }
  }
  return box;
}

ImageSummary summary_of(const std::vector<double>& values, const Grid& grid) {
  double sum = 0;
  for (const double value : values) sum += value;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {grid, sum / static_cast<double>(values.size()), *low, *high};
}

void round_all(std::vector<double>& values) {
  for (double& value : values) value = std::nearbyint(value);
}

std::array<double, 3> wanted_spacing(const Settings& settings) {
  if (settings.spacing.empty()) return {0, 0, 0};
  return {settings.spacing[2], settings.spacing[1], settings.spacing[0]};
}

std::array<Axis, 3> wanted_axes(const imaging::Geometry& geometry, const Settings& settings) {
  const Grid grid = grid_of(geometry);
  const auto wanted = wanted_spacing(settings);
  std::array<Axis, 3> axes;
  for (int axis = 0; axis < 3; ++axis)
    axes[axis] = resampled_axis(grid.size[axis], grid.spacing[axis], wanted[axis]);
  return axes;
}

/// What the diagnostic rows say of the images and of the region before resegmentation.
void diagnose(const imaging::Volume& image, const std::array<Axis, 3>& axes, const Region& drawn,
              const Region& resampled, const Settings& settings, Diagnostics& diagnostics) {
  std::array<Span, 3> all;
  for (int axis = 0; axis < 3; ++axis)
    all[axis] = span_of(axes[axis], 0, axes[axis].size - 1, settings.interpolation);
  std::vector<double> values = crop_image(image, all);
  for (const double value : values)
    if (!std::isfinite(value))
      core::fail_data(image.source +
                      ": intensities are not finite, which the family diagnostic needs in all of the image");
  diagnostics.drawn_image = summary_of(values, grid_of(image.geometry));
  values = interpolate(std::move(values), all, settings.interpolation);
  if (settings.round) round_all(values);
  diagnostics.resampled_image = summary_of(values, {resampled.whole, resampled.grid.spacing});
  diagnostics.drawn = diagnostics.drawn_shape = summary(drawn, drawn.mask);
  diagnostics.resampled = diagnostics.resampled_shape = summary(resampled, resampled.mask);
}

void list_voxels(Region& region) {
  region.voxels.clear();
  for (int64_t i = 0; i < region.grid.count(); ++i)
    if (region.mask[i]) region.voxels.push_back(i);
}

/// Where the mask's voxels lie on the image's axes: image index i is mask index `first + i * step`, z, y, x.
struct Placement {
  std::array<double, 3> first{0, 0, 0}, step{1, 1, 1};
  /// The image index of a mask index.
  double on_image(int axis, int64_t index) const {
    return (static_cast<double>(index) - first[axis]) / step[axis];
  }
};

/// Nothing where the mask's axes are not the image's, in the same direction.
std::optional<Placement> placement_of(const imaging::Geometry& image, const imaging::Geometry& mask) {
  const auto start = mask.to_index(image.to_world({0, 0, 0}));
  Placement found;
  for (size_t axis = 0; axis < 3; ++axis) {
    std::array<double, 3> one{};
    one[axis] = 1;
    const auto next = mask.to_index(image.to_world(one));
    for (size_t i = 0; i < 3; ++i)
      if (i != axis && std::abs(next[i] - start[i]) * static_cast<double>(image.size[axis]) > 1e-3) return {};
    found.first[2 - axis] = start[axis];
    found.step[2 - axis] = next[axis] - start[axis];
    if (!(found.step[2 - axis] > 0)) return {};
  }
  return found;
}

/// The mask with a voxel of 0 on every side, which is what lies beyond it.
imaging::Volume framed(const imaging::Volume& mask) {
  imaging::Volume wide = mask;
  wide.geometry.origin = mask.geometry.to_world({-1, -1, -1});
  for (int64_t& size : wide.geometry.size) size += 2;
  wide.data = at::constant_pad_nd(mask.data, {1, 1, 1, 1, 1, 1});
  return wide;
}

void check(const imaging::Volume& image, const imaging::Volume& mask) {
  if (image.channel_count() != 1 || mask.channel_count() != 1)
    core::fail_data(image.source + ": one channel at a time; the image has " +
                    std::to_string(image.channel_count()) + " and the mask " +
                    std::to_string(mask.channel_count()));
}

void require_finite(const std::vector<double>& values, const imaging::Volume& image) {
  for (const double value : values)
    if (!std::isfinite(value)) core::fail_data(image.source + ": intensities near the mask are not finite");
}

/// The box `inside` of the old grid and `margin` mm about it, on the new grid.
Region region_in(const imaging::Volume& image, const imaging::Volume& mask, const Box& inside,
                 const Placement& place, const std::array<Axis, 3>& axes, const Settings& settings,
                 double margin, Finite finite) {
  Region region;
  region.grid = grid_of(image.geometry);
  std::array<Span, 3> of_image, of_mask;
  for (int axis = 0; axis < 3; ++axis) {
    const Axis& along = axes[axis];
    region.grid.spacing[axis] *= along.step;
    region.whole[axis] = along.size;
    const auto around = static_cast<int64_t>(std::ceil(margin / region.grid.spacing[axis]));
    // A place more than a voxel away from the mask is outside however it is interpolated.
    const double low = (place.on_image(axis, inside.first[axis] - 1) - along.first) / along.step;
    const double high = (place.on_image(axis, inside.last[axis] + 1) - along.first) / along.step;
    const int64_t end = along.size - 1;
    const auto first = std::clamp<int64_t>(static_cast<int64_t>(std::floor(low)) - around, 0, end);
    const auto last = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(high)) + around, 0, end);
    of_image[axis] = span_of(along, first, last, settings.interpolation);
    const Axis of_own{mask.geometry.size[2 - axis], along.size,
                      place.first[axis] + place.step[axis] * along.first, place.step[axis] * along.step};
    of_mask[axis] = span_of(of_own, first, last, settings.mask_interpolation);
    region.grid.size[axis] = last - first + 1;
    region.offset[axis] = first;
  }
  region.intensity = crop_image(image, of_image);
  if (finite == Finite::around) require_finite(region.intensity, image);
  region.intensity = interpolate(std::move(region.intensity), of_image, settings.interpolation);
  region.shape = crop_mask(mask, of_mask, settings.mask_interpolation);
  region.mask = region.shape;
  list_voxels(region);
  for (const int64_t i : region.voxels)
    if (!std::isfinite(region.intensity[i]))
      core::fail_data(image.source + ": intensities in the region are not finite");
  return region;
}

}  // namespace

Box box_of_nonzero(const imaging::Volume& mask) {
  Box box;
  with_voxels(mask, [&](const auto* voxels) { box = box_of_nonzero(voxels, grid_of(mask.geometry)); });
  return box;
}

Box bounding_box(const Mask& mask, const Grid& grid) {
  return box_of_nonzero(mask.data(), grid);
}

MaskSummary summary(const Region& region, const Mask& mask) {
  const Box box = bounding_box(mask, region.grid);
  MaskSummary result;
  for (int axis = 0; axis < 3; ++axis) result.box[axis] = box.last[axis] - box.first[axis] + 1;
  result.min = std::numeric_limits<double>::infinity();
  result.max = -result.min;
  double sum = 0;
  for (int64_t i = 0; i < region.grid.count(); ++i) {
    if (!mask[i]) continue;
    ++result.count;
    sum += region.intensity[i];
    result.min = std::min(result.min, region.intensity[i]);
    result.max = std::max(result.max, region.intensity[i]);
  }
  result.mean = sum / static_cast<double>(result.count);
  return result;
}

Grid resampled_grid(const imaging::Geometry& image, const Settings& settings) {
  Grid grid = grid_of(image);
  const auto axes = wanted_axes(image, settings);
  for (int axis = 0; axis < 3; ++axis) {
    grid.size[axis] = axes[axis].size;
    grid.spacing[axis] *= axes[axis].step;
  }
  return grid;
}

imaging::Geometry geometry_of_part(const imaging::Geometry& image, const Grid& resampled,
                                   const std::array<int64_t, 3>& first, const std::array<int64_t, 3>& size) {
  imaging::Geometry result = image;
  std::array<double, 3> corner{};  // x, y, z in voxels of the image, whose centre the grids share
  for (int axis = 0; axis < 3; ++axis) {
    const int at = 2 - axis;
    const double step = resampled.spacing[at] / image.spacing[axis];
    const double beyond =
        static_cast<double>(image.size[axis] - 1) - static_cast<double>(resampled.size[at] - 1) * step;
    corner[axis] = beyond / 2 + static_cast<double>(first[at]) * step;
    result.size[axis] = size[at];
    result.spacing[axis] = resampled.spacing[at];
  }
  result.origin = image.to_world(corner);
  return result;
}

std::vector<double> resampled_intensities(const imaging::Volume& image, const Settings& settings,
                                          const std::array<int64_t, 3>& first,
                                          const std::array<int64_t, 3>& last) {
  if (image.channel_count() != 1)
    core::fail_data(image.source + ": one channel at a time; the image has " +
                    std::to_string(image.channel_count()));
  const auto axes = wanted_axes(image.geometry, settings);
  std::array<Span, 3> spans;
  for (int axis = 0; axis < 3; ++axis)
    spans[axis] = span_of(axes[axis], first[axis], last[axis], settings.interpolation);
  std::vector<double> values = crop_image(image, spans);
  require_finite(values, image);
  values = interpolate(std::move(values), spans, settings.interpolation);
  if (settings.round) round_all(values);
  return values;
}

namespace {

Region placed_region(const imaging::Volume& image, const imaging::Volume& mask, const Placement& place,
                     const Settings& settings, double margin, Diagnostics* diagnostics, Finite finite) {
  const Box inside = radiomics::box_of_nonzero(mask);
  if (inside.last[0] < 0) core::fail_data(mask.source + ": the mask is empty");
  const auto axes = wanted_axes(image.geometry, settings), kept = wanted_axes(image.geometry, {});
  Region region = region_in(image, mask, inside, place, axes, settings, margin, finite);
  if (region.voxels.empty())
    core::fail_data(mask.source + ": the region is too small for `spacing`: nothing of it is left");
  if (settings.round) round_all(region.intensity);
  if (diagnostics != nullptr)
    diagnose(image, axes, region_in(image, mask, inside, place, kept, settings, 0, finite), region, settings,
             *diagnostics);
  return region;
}

}  // namespace

Region make_region(const imaging::Volume& image, const imaging::Volume& mask, const Settings& settings,
                   double margin, Diagnostics* diagnostics, Finite finite) {
  check(image, mask);
  if (!image.geometry.matches(mask.geometry)) {
    if (settings.spacing.empty())
      core::fail_data(mask.source + ": the mask does not lie on the grid of " + image.source);
    const imaging::Volume wide = framed(mask);
    if (const auto place = placement_of(image.geometry, wide.geometry))
      return placed_region(image, wide, *place, settings, margin, diagnostics, finite);
    return placed_region(image, imaging::on_grid_of(mask, image.geometry), {}, settings, margin, diagnostics,
                         finite);
  }
  return placed_region(image, mask, {}, settings, margin, diagnostics, finite);
}

void resegment(Region& region, const Settings& settings) {
  const auto keep = [&](double low, double high) {
    for (const int64_t i : region.voxels) {
      const double value = region.intensity[i];
      if (value < low || value > high) region.mask[i] = 0;  // a bound that is nan keeps everything
    }
  };
  // Each method looks at the region as drawn; what all of them keep stays (IBSI 2.5).
  if (settings.outliers > 0) {
    double sum = 0, squares = 0;
    const auto count = static_cast<double>(region.voxels.size());
    for (const int64_t i : region.voxels) sum += region.intensity[i];
    const double mean = sum / count;
    for (const int64_t i : region.voxels) squares += std::pow(region.intensity[i] - mean, 2);
    const double reach = settings.outliers * std::sqrt(squares / count);
    keep(mean - reach, mean + reach);
  }
  if (settings.range.size() == 2) keep(settings.range[0], settings.range[1]);
  list_voxels(region);
  if (region.voxels.empty()) core::fail_data("`range` and `outliers` keep no intensity of the region");
}

Levels discretise(const Region& region, const Discretisation& how, const std::vector<double>& range) {
  Levels levels{region.grid, std::vector<int32_t>(region.intensity.size(), 0), 0};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const int64_t i : region.voxels) {
    low = std::min(low, region.intensity[i]);
    high = std::max(high, region.intensity[i]);
  }
  constexpr double kMost = 1 << 20;               // families have a row a level
  const auto set = [&](auto&& bins_from_first) {  // not below 0, so that a cast rounds down
    for (const int64_t i : region.voxels) {
      levels.level[i] = 1 + static_cast<int32_t>(bins_from_first(region.intensity[i]));
      levels.count = std::max(levels.count, levels.level[i]);
    }
  };
  if (how.method == DiscretiseMethod::none) {
    for (const int64_t i : region.voxels) {
      const double value = region.intensity[i];
      if (value < 1 || value > kMost || value != std::nearbyint(value))
        core::fail_data("an intensity of " + core::format_number(value) +
                        " is no level: `discretise.method: none` takes 1, 2, …; fixed_width makes levels");
    }
    set([](double value) { return value - 1; });
  } else if (how.method == DiscretiseMethod::fixed_width) {
    const bool ranged = !range.empty() && std::isfinite(range[0]);
    const double start = how.start.value_or(ranged ? range[0] : low);
    if (low < start)
      core::fail_data("an intensity of " + core::format_number(low) + " lies below `discretise.start` " +
                      core::format_number(start) + "; let `range` start there too");
    if ((high - start) / how.width > kMost)
      core::fail_data("`discretise.width` " + core::format_number(how.width) +
                      " makes too many levels of intensities up to " + core::format_number(high));
    set([&](double value) { return (value - start) / how.width; });
  } else {
    const auto count = static_cast<double>(how.count);
    const double width = high > low ? high - low : 1;
    set([&](double value) { return std::min(count * (value - low) / width, count - 1); });
  }
  return levels;
}

}  // namespace photo51::radiomics

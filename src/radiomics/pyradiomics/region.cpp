#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "radiomics/pyradiomics/resample.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

Grid grid_of(const imaging::Geometry& geometry) {
  return {{geometry.size[2], geometry.size[1], geometry.size[0]},
          {geometry.spacing[2], geometry.spacing[1], geometry.spacing[0]}};
}

/// The voxels of `box` in the order that they have in a region.
template <class Value>
std::vector<Value> values_in(const at::Tensor& image, const Box& box, at::ScalarType type) {
  at::Tensor part = image;
  for (int axis = 0; axis < 3; ++axis)
    part = part.narrow(axis, box.first[axis], box.last[axis] - box.first[axis] + 1);
  part = part.to(type).contiguous();
  const auto* values = static_cast<const Value*>(part.const_data_ptr());
  return {values, values + part.numel()};
}

Grid grid_of(const Box& box, const Grid& whole) {
  Grid grid = whole;
  for (int axis = 0; axis < 3; ++axis) grid.size[axis] = box.last[axis] - box.first[axis] + 1;
  return grid;
}

void list_voxels(Region& region) {
  region.voxels.clear();
  for (int64_t i = 0; i < region.grid.count(); ++i)
    if (region.mask[i]) region.voxels.push_back(i);
}

/// What of a region lies in a box.
Region cropped(const Region& region, const Box& box) {
  Region result;
  result.grid.spacing = region.grid.spacing;
  for (int axis = 0; axis < 3; ++axis) result.grid.size[axis] = box.last[axis] - box.first[axis] + 1;
  result.whole = result.grid.size;
  const int64_t wide = result.grid.size[2];
  for (int64_t z = box.first[0]; z <= box.last[0]; ++z) {
    for (int64_t y = box.first[1]; y <= box.last[1]; ++y) {
      const int64_t from = region.grid.at(z, y, box.first[2]);
      const auto append = [&](auto& to, const auto& values) {
        to.insert(to.end(), values.begin() + from, values.begin() + from + wide);
      };
      append(result.intensity, region.intensity);
      append(result.shape, region.shape);
      append(result.mask, region.mask);
    }
  }
  list_voxels(result);
  return result;
}

Drawn drawn_in(const imaging::Volume& mask, int64_t label) {
  const Grid whole = grid_of(mask.geometry);
  const auto absent = [&] {
    core::fail_data(mask.source + ": no voxel has the label " + std::to_string(label) +
                    "; set `pyradiomics.label`");
  };
  Box box = box_of_nonzero(mask);
  if (box.last[0] < 0) absent();
  std::vector<int64_t> labels = values_in<int64_t>(mask.data[0], box, at::kLong);
  Mask inside(labels.size());
  std::transform(labels.begin(), labels.end(), inside.begin(), [&](int64_t value) { return value == label; });
  const Box tight = bounding_box(inside, grid_of(box, whole));
  if (tight.last[0] < 0) absent();
  Region region;
  region.grid = grid_of(box, whole);
  region.mask = region.shape = std::move(inside);
  region.intensity.resize(region.mask.size());
  for (int axis = 0; axis < 3; ++axis) {
    box.last[axis] = box.first[axis] + tight.last[axis];
    box.first[axis] += tight.first[axis];
  }
  return {cropped(region, tight).mask, box};
}

/// By the mean and the deviation of a sample of the whole image, by the same sums and factors as ITK's
/// filter: what cancels out in whole-number intensities then rounds to the same side of 0.
at::Tensor normalised(const imaging::Volume& image, const Pyradiomics& settings) {
  at::Tensor values = image.data[0].to(at::kDouble);
  const auto count = static_cast<double>(values.numel());
  const double sum = values.sum().item<double>(), squares = values.square().sum().item<double>();
  if (!std::isfinite(sum))
    core::fail_data(image.source +
                    ": intensities are not finite, which `pyradiomics.normalize` needs everywhere");
  const double variance = (squares - sum * sum / count) / (count - 1);
  // Of one intensity the sums need not cancel out.
  if (!(variance > 0) || values.min().equal(values.max()))
    core::fail_data(image.source +
                    ": all intensities are the same; `pyradiomics.normalize` has no scale for them");
  values = (values - sum / count) * (1 / std::sqrt(variance));
  if (settings.remove_outliers) values = values.clamp(-*settings.remove_outliers, *settings.remove_outliers);
  return values * settings.normalize_scale;
}

int dimensions(const Box& box) {
  int count = 0;
  for (int axis = 0; axis < 3; ++axis) count += box.last[axis] > box.first[axis] ? 1 : 0;
  return count;
}

/// Error (data) unless the region is as large as the settings ask for.
Box checked_box(const Mask& mask, const Grid& grid, const Pyradiomics& settings, const std::string& source) {
  const Box box = bounding_box(mask, grid);
  const int along = dimensions(box);
  if (along == 0) core::fail_data(source + ": the region is a single voxel");
  if (along < settings.minimum_dimensions)
    core::fail_data(source + ": the region has extent along " + std::to_string(along) +
                    " axes; `pyradiomics.minimumROIDimensions` asks for " +
                    std::to_string(settings.minimum_dimensions));
  const auto count = std::count(mask.begin(), mask.end(), 1);
  if (settings.minimum_size && count <= *settings.minimum_size)
    core::fail_data(source + ": the region has " + std::to_string(count) +
                    " voxels; `pyradiomics.minimumROISize` asks for more than " +
                    std::to_string(*settings.minimum_size));
  return box;
}

/// `box` and so many voxels more on each side as the grid has.
Box padded(const Box& box, int64_t pad, const Grid& whole) {
  Box result;
  for (int axis = 0; axis < 3; ++axis) {
    result.first[axis] = std::max<int64_t>(0, box.first[axis] - pad);
    result.last[axis] = std::min(whole.size[axis] - 1, box.last[axis] + pad);
  }
  return result;
}

/// The box of the image without interpolation.
Region taken(const at::Tensor& image, const Drawn& drawn, const Grid& whole) {
  Region region;
  region.grid = grid_of(drawn.box, whole);
  region.whole = region.grid.size;
  region.intensity = values_in<double>(image, drawn.box, at::kDouble);
  region.mask = region.shape = drawn.inside;
  list_voxels(region);
  return region;
}

/// In single precision where the image has it: what is typed as 0.7 is then the 0.7 of the image.
std::vector<double> thresholds(const Region& region, const Pyradiomics& settings, bool single) {
  std::vector<double> result = settings.resegment_range;
  std::sort(result.begin(), result.end());
  double sum = 0, squares = 0, most = -std::numeric_limits<double>::infinity();
  for (const int64_t voxel : region.voxels) {
    sum += region.intensity[voxel];
    most = std::max(most, region.intensity[voxel]);
  }
  const double mean = sum / static_cast<double>(region.voxels.size());
  for (const int64_t voxel : region.voxels) squares += std::pow(region.intensity[voxel] - mean, 2);
  const double deviation = std::sqrt(squares / static_cast<double>(region.voxels.size()));
  for (double& value : result) {
    if (settings.resegment_mode == ResegmentMode::relative) value *= most;
    if (settings.resegment_mode == ResegmentMode::sigma) value = mean + deviation * value;
    if (single) value = static_cast<double>(static_cast<float>(value));
  }
  return result;
}

void resegment(Region& region, const Pyradiomics& settings, bool single, const std::string& source) {
  const std::vector<double> limits = thresholds(region, settings, single);
  for (const int64_t voxel : region.voxels) {
    const double value = region.intensity[voxel];
    if (value < limits[0] || (limits.size() > 1 && value > limits[1])) region.mask[voxel] = 0;
  }
  list_voxels(region);
  if (region.voxels.size() < 2)
    core::fail_data(source + ": `pyradiomics.resegmentRange` leaves " + std::to_string(region.voxels.size()) +
                    " voxels of the region");
}

}  // namespace

Prepared prepare(const imaging::Volume& image, const imaging::Volume& mask, const Pyradiomics& settings,
                 int64_t around) {
  if (image.channel_count() != 1 || mask.channel_count() != 1)
    core::fail_data(image.source + ": one channel at a time; the image has " +
                    std::to_string(image.channel_count()) + " and the mask " +
                    std::to_string(mask.channel_count()));
  const bool own_grid = !image.geometry.matches(mask.geometry);
  if (own_grid && settings.resampled_spacing.empty())
    core::fail_data(mask.source + ": the mask does not lie on the grid of " + image.source);
  const Drawn drawn = drawn_in(mask, settings.label.value_or(1));
  if (own_grid && !resamples(image.geometry, drawn.box, settings))
    return prepare(image, imaging::on_grid_of(mask, image.geometry), settings, around);
  const at::Tensor values = settings.normalize ? normalised(image, settings) : image.data[0];
  const bool derives = settings.image_type.derived(), again = resamples(image.geometry, drawn.box, settings);
  Prepared result;
  result.single = values.scalar_type() == at::kFloat;
  result.whole = at::isIntegralType(values.scalar_type(), /*includeBool=*/true);
  const Grid whole = grid_of(image.geometry);
  Region region = again ? resample(values, image.geometry, mask.geometry, drawn, settings, derives)
                        : taken(values, drawn, whole);
  for (const int64_t voxel : region.voxels)
    if (!std::isfinite(region.intensity[voxel]))
      core::fail_data(image.source + ": intensities in the region are not finite");
  Box box = checked_box(region.mask, region.grid, settings, mask.source);
  if (!settings.resegment_range.empty()) {
    resegment(region, settings, result.single, mask.source);
    box = checked_box(region.mask, region.grid, settings, mask.source);
    if (settings.resegment_shape) region.shape = region.mask;
  }
  for (int axis = 0; axis < 3; ++axis) result.first[axis] = drawn.box.first[axis] + box.first[axis];
  if (derives || around > 0) {
    // Where voxels are as wanted without resampling, the image is cut to what would have been resampled.
    const bool cut = settings.pre_crop || !settings.resampled_spacing.empty();
    const int64_t pad = !derives ? around
                        : cut    ? settings.pad_distance
                                 : *std::max_element(whole.size.begin(), whole.size.end());
    const Box wide = padded(drawn.box, pad, whole);
    result.image.image = again ? region.grid : grid_of(wide, whole);
    result.image.window = whole_window(result.image.image);
    result.image.values = again ? region.intensity : values_in<double>(values, wide, at::kDouble);
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t offset = again ? 0 : drawn.box.first[axis] - wide.first[axis];
      result.window.begin[axis] = offset + box.first[axis];
      result.window.end[axis] = offset + box.last[axis] + 1;
    }
  }
  result.region = cropped(region, box);
  return result;
}

}  // namespace photo51::radiomics::pyradiomics

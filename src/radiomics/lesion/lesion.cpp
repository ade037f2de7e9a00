#include "photo51/radiomics/lesion/lesion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "photo51/core/error.hpp"
#include "radiomics/lesion/groups.hpp"

namespace photo51::radiomics {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

std::optional<size_t> position(const std::vector<std::string>& channels, const std::string& name) {
  const auto found = std::find(channels.begin(), channels.end(), name);
  if (found == channels.end()) return std::nullopt;
  return static_cast<size_t>(found - channels.begin());
}

void check(const imaging::Volume& image, const std::vector<bool>& channel_present,
           const imaging::Volume& mask) {
  if (image.data.dim() != 4 || mask.data.dim() != 4 || mask.data.size(0) != 1 ||
      image.data.sizes().slice(1) != mask.data.sizes().slice(1)) {
    core::fail_data(mask.source + ": the mask's grid differs from the image's (" + image.source +
                    "); resample one to the other");
  }
  const auto channels = static_cast<size_t>(image.data.size(0));
  if (channels != image.channels.size() || channels != channel_present.size()) {
    core::fail_data(image.source + ": lesion descriptors need a name and a presence for each of the " +
                    std::to_string(channels) + " channels");
  }
  for (int axis = 0; axis < 3; ++axis) {
    // Oblique slices are fine as long as each axis runs mostly left, back or up.
    if (image.geometry.direction[4 * axis] < 0.7) {
      core::fail_data(image.source +
                      ": lesion descriptors need axes to the left, back and head; set preprocess: "
                      "{orientation: LPS}");
    }
  }
}

Lesion find_lesion(const imaging::Volume& mask) {
  Lesion lesion;
  for (int axis = 0; axis < 3; ++axis) {
    lesion.grid.size[axis] = mask.data.size(axis + 1);
    lesion.grid.spacing[axis] = mask.geometry.spacing[2 - axis];
  }
  const at::Tensor inside = mask.data.ne(0).contiguous();
  const bool* values = inside.const_data_ptr<bool>();
  lesion.mask.resize(lesion.grid.count());
  for (int64_t z = 0, i = 0; z < lesion.grid.size[0]; ++z) {
    for (int64_t y = 0; y < lesion.grid.size[1]; ++y) {
      for (int64_t x = 0; x < lesion.grid.size[2]; ++x, ++i) {
        lesion.mask[i] = values[i];
        if (values[i]) lesion.voxels.push_back({z, y, x});
      }
    }
  }
  if (lesion.voxels.empty())
    core::fail_data(mask.source + ": the mask is empty; draw the lesion or leave the cell blank");
  return lesion;
}

std::vector<double> channel_values(const imaging::Volume& image, size_t channel, const Grid& grid) {
  const at::Tensor values = image.data.select(0, static_cast<int64_t>(channel)).to(at::kDouble).contiguous();
  const double* first = values.const_data_ptr<double>();
  std::vector<double> result(first, first + grid.count());
  if (!std::all_of(result.begin(), result.end(), [](double value) { return std::isfinite(value); })) {
    core::fail_data(image.source + ": channel " + image.channels[channel] +
                    " has voxels that are not finite numbers; repair the file");
  }
  return result;
}

/// The shape's share of the head, which there is none of.
constexpr const char* kHeadShare = "shape_log_head_fraction";

std::vector<std::string> unit_descriptor_names(const std::vector<std::string>& channels) {
  std::vector<std::string> names;
  for (const auto& name : shape_names())
    if (name != kHeadShare) names.push_back(name);
  for (const auto& channel : channels)
    for (const auto& name : unit_names()) names.push_back(channel + "_" + name);
  return names;
}

/// `values` by channel, empty where it is absent.
std::vector<double> descriptors_in_units(const std::vector<std::vector<double>>& values,
                                         const Lesion& lesion) {
  const auto shape = shape_descriptors(lesion, 0);
  std::vector<double> result;
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape_names()[i] != kHeadShare) result.push_back(shape[i]);
  for (const auto& channel : values) {
    const auto part = channel.empty() ? std::vector<double>(unit_names().size(), kUndefined)
                                      : unit_descriptors(channel, lesion);
    result.insert(result.end(), part.begin(), part.end());
  }
  return result;
}

}  // namespace

std::vector<std::string> lesion_descriptor_names(const std::vector<std::string>& channels,
                                                 Reference reference) {
  if (reference == Reference::none) return unit_descriptor_names(channels);
  std::vector<std::string> names = location_names();
  names.insert(names.end(), shape_names().begin(), shape_names().end());
  for (const std::string& channel : channels) {
    for (const std::string& name : intensity_names()) names.push_back(channel + "_" + name);
  }
  if (position(channels, "pre") && position(channels, "post")) {
    names.insert(names.end(), enhancement_names().begin(), enhancement_names().end());
  }
  return names;
}

std::vector<double> lesion_descriptors(const imaging::Volume& image, const std::vector<bool>& channel_present,
                                       const imaging::Volume& mask, Reference reference) {
  check(image, channel_present, mask);
  const Lesion lesion = find_lesion(mask);
  const size_t channels = image.channels.size();
  std::vector<std::vector<double>> values(channels);
  for (size_t c = 0; c < channels; ++c) {
    if (channel_present[c]) values[c] = channel_values(image, c, lesion.grid);
  }
  if (reference == Reference::none) return descriptors_in_units(values, lesion);
  const auto first = std::find(channel_present.begin(), channel_present.end(), true);

  std::vector<double> result;
  const auto append = [&](const std::vector<double>& part) {
    result.insert(result.end(), part.begin(), part.end());
  };
  if (first == channel_present.end()) {
    append(std::vector<double>(location_names().size(), kUndefined));
    append(shape_descriptors(lesion, 0));
    result.resize(lesion_descriptor_names(image.channels).size(), kUndefined);
    return result;
  }
  const Head head = find_head(values[first - channel_present.begin()], lesion);
  append(location_descriptors(lesion, head));
  append(shape_descriptors(lesion, head.count));
  const LesionRegions regions = find_regions(lesion, head);
  std::vector<double> brain(channels, kUndefined);
  for (size_t c = 0; c < channels; ++c) {
    if (channel_present[c]) {
      Intensity intensity = intensity_descriptors(values[c], lesion, regions);
      brain[c] = intensity.brain;
      append(intensity.values);
    } else {
      append(std::vector<double>(intensity_names().size(), kUndefined));
    }
  }
  const auto pre = position(image.channels, "pre"), post = position(image.channels, "post");
  if (pre && post) {
    if (std::isnan(brain[*pre]) || std::isnan(brain[*post])) {
      append(std::vector<double>(enhancement_names().size(), kUndefined));
    } else {
      append(enhancement_descriptors(values[*pre], brain[*pre], values[*post], brain[*post], lesion));
    }
  }
  return result;
}

}  // namespace photo51::radiomics

// Filters on the resampled image: the features of a region's response, and maps of the whole image.
#include <ATen/ATen.h>

#include <algorithm>

#include "photo51/config/enums.hpp"
#include "photo51/imaging/volume.hpp"
#include "radiomics/filters/filter.hpp"
#include "radiomics/ibsi/families.hpp"

namespace photo51::radiomics {
namespace {

Patch patch_of(const imaging::Volume& image, const Settings& settings, const Grid& grid,
               const Window& window) {
  Patch patch{grid, window, {}};
  Index3 last = window.end;
  for (int64_t& index : last) --index;
  patch.values = resampled_intensities(image, settings, window.begin, last);
  return patch;
}

/// What is asked of a response map: nothing of the region's form, and levels of its own.
Settings of_response(const Settings& settings) {
  Settings result = settings;
  result.families.clear();
  for (const FeatureFamily family :
       settings.families.empty() ? config::values_of<FeatureFamily>() : settings.families)
    if (family != FeatureFamily::morphology && family != FeatureFamily::diagnostic)
      result.families.push_back(family);
  result.range.clear();
  result.discretise = settings.filtered;
  return result;
}

}  // namespace

std::vector<Feature> features_of_response(const config::Choice& filter, const imaging::Volume& image,
                                          const Region& region, const Settings& settings,
                                          const Resources& resources) {
  const Settings wanted = of_response(settings);
  if (wanted.families.empty()) return {};
  const auto made = make_filter(filter);
  const Grid whole = resampled_grid(image.geometry, settings);
  Window window{region.offset, region.offset};
  for (int axis = 0; axis < 3; ++axis) window.end[axis] += region.grid.size[axis];
  Region response = region;
  response.intensity = made->respond(patch_of(image, settings, whole, made->needs(whole, window)), window);
  std::vector<Feature> features = features_of(response, wanted, nullptr, resources);
  const std::string label = filter_label(filter) + "_";
  for (Feature& feature : features) {
    feature.name.insert(0, label);
    feature.tag.insert(0, label);
  }
  return features;
}

std::vector<std::pair<std::string, imaging::Volume>> response_maps(const imaging::Volume& image,
                                                                   const Settings& settings) {
  const Grid grid = resampled_grid(image.geometry, settings);
  const Patch patch = patch_of(image, settings, grid, whole_window(grid));
  imaging::Volume empty = image;
  empty.units = imaging::Units::arbitrary;
  empty.geometry = geometry_of_part(image.geometry, grid, {0, 0, 0}, grid.size);
  std::vector<std::pair<std::string, imaging::Volume>> maps;
  for (const config::Choice& filter : settings.filters) {
    std::vector<double> response = make_filter(filter)->respond(patch, patch.window);
    imaging::Volume map = empty;
    map.data = at::from_blob(response.data(), {1, grid.size[0], grid.size[1], grid.size[2]}, at::kDouble)
                   .to(at::kFloat);
    maps.emplace_back(filter_label(filter), std::move(map));
  }
  return maps;
}

}  // namespace photo51::radiomics

#include <algorithm>
#include <string>

#include "photo51/imaging/volume.hpp"
#include "radiomics/ibsi/families.hpp"
#include "radiomics/ibsi/gpu_texture.hpp"
#include "radiomics/pyradiomics/common.hpp"
#include "radiomics/pyradiomics/image_types.hpp"

namespace photo51::radiomics {
namespace {

/// The same region with `first` as its first axis.
Region turned(const Region& region, int64_t first) {
  if (first == 0) return region;
  const std::array<int64_t, 3> order{first, 0, first == 1 ? 2 : 1};
  const Place strides{region.grid.slice(), region.grid.size[2], 1};
  Region result;
  for (int axis = 0; axis < 3; ++axis) {
    result.grid.size[axis] = region.grid.size[order[axis]];
    result.grid.spacing[axis] = region.grid.spacing[order[axis]];
  }
  result.whole = result.grid.size;
  for (int64_t voxel = 0; voxel < result.grid.count(); ++voxel) {
    const Place at = result.grid.place(voxel);
    const int64_t from = at[0] * strides[order[0]] + at[1] * strides[order[1]] + at[2] * strides[order[2]];
    result.intensity.push_back(region.intensity[from]);
    result.shape.push_back(region.shape[from]);
    result.mask.push_back(region.mask[from]);
    if (region.mask[from]) result.voxels.push_back(voxel);
  }
  return result;
}

bool is_shape(const std::string& name) {
  return name.starts_with("shape");
}

pyradiomics::Values values_of(const std::string& name, const Region& region, const Levels& levels,
                              const Texture& texture, const Pyradiomics& settings) {
  if (name == "shape") return pyradiomics::shape(region);
  if (name == "shape2D") return pyradiomics::shape_2d(region, settings);
  if (name == "firstorder") return pyradiomics::first_order(region, levels, settings);
  return pyradiomics::texture_features(name, texture, settings);
}

/// The features of `classes` of one image type.
void append(const std::string& type, const std::vector<std::string>& classes, const Region& region,
            const Pyradiomics& settings, bool single, const Resources& resources,
            std::vector<Feature>& features) {
  Levels levels;
  Texture texture;
  if (!std::all_of(classes.begin(), classes.end(), is_shape)) {
    levels = pyradiomics::discretise(region, settings, single);
    const int64_t reach = *std::max_element(settings.distances.begin(), settings.distances.end());
    if (settings.force_2d && settings.force_2d_dimension > 0) {
      const Region slices = turned(region, settings.force_2d_dimension);
      texture = make_texture(slices, pyradiomics::discretise(slices, settings, single), reach);
    } else {
      texture = make_texture(region, levels, reach);
    }
    if (resources.device != "cpu") put_on(texture, resources.device);
  }
  std::vector<pyradiomics::Values> values(classes.size());
  const auto compute = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      values[i] = values_of(classes[i], region, levels, texture, settings);
  };
  const auto count = static_cast<int64_t>(classes.size());
  if (resources.pool != nullptr)
    resources.pool->parallel_for(count, 1, compute);
  else
    compute(0, count);
  const pyradiomics::Selection selection(settings);
  for (size_t i = 0; i < classes.size(); ++i) {
    for (const auto& [feature, value] : values[i]) {
      if (!selection.has_feature(classes[i], feature)) continue;
      const std::string name = type + "_" + classes[i] + "_" + feature;
      features.push_back({name, name, classes[i], "", value});
    }
  }
}

}  // namespace

std::vector<Feature> extract_pyradiomics(const imaging::Volume& image, const imaging::Volume& mask,
                                         const Pyradiomics& settings, const Resources& resources) {
  const pyradiomics::Prepared prepared = pyradiomics::prepare(image, mask, settings);
  const ImageTypes& types = settings.image_type;
  std::vector<std::string> of_form, of_intensity;
  const pyradiomics::Selection selection(settings);
  for (const std::string& name : pyradiomics_classes())
    if (selection.has_class(name)) (is_shape(name) ? of_form : of_intensity).push_back(name);
  std::vector<Feature> features;
  if (types.original || !types.derived()) {
    std::vector<std::string> all = of_form;
    all.insert(all.end(), of_intensity.begin(), of_intensity.end());
    append("original", all, prepared.region,
           pyradiomics::with(types.original.value_or(ImageTypeLevels{}), settings), prepared.single,
           resources, features);
  } else {
    append("original", of_form, prepared.region, settings, prepared.single, resources, features);
  }
  if (!types.derived() || of_intensity.empty()) return features;
  Region region = prepared.region;
  const pyradiomics::Scene scene{prepared.image,  prepared.window, prepared.region,
                                 prepared.single, prepared.whole,  image.source};
  for (auto& derived : pyradiomics::derived_images(scene, settings)) {
    region.intensity = std::move(derived.values);
    append(derived.name, of_intensity, region, pyradiomics::with(derived.levels, settings), derived.single,
           resources, features);
  }
  return features;
}

}  // namespace photo51::radiomics

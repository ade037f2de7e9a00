#include "photo51/radiomics/voxelwise/voxelwise.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "photo51/config/enums.hpp"
#include "photo51/core/error.hpp"
#include "radiomics/pyradiomics/common.hpp"
#include "radiomics/region/region.hpp"
#include "radiomics/voxelwise/families.hpp"

namespace photo51::radiomics {
namespace {

constexpr int32_t kMostLevels = 1024;  // the co-occurrences of a direction fill a square of them

/// The region in a grid with `radius` empty voxels on each side.
Levelled levelled(const Region& region, const Levels& levels, int64_t radius) {
  Levelled result;
  result.grid = region.grid;
  for (int64_t& size : result.grid.size) size += 2 * radius;
  result.intensity.assign(result.grid.count(), 0);
  result.level.assign(result.grid.count(), 0);
  result.highest = levels.count;
  const Grid& grid = region.grid;
  for (int64_t z = 0; z < grid.size[0]; ++z) {
    for (int64_t y = 0; y < grid.size[1]; ++y) {
      const int64_t from = grid.at(z, y, 0), to = result.grid.at(z + radius, y + radius, radius);
      std::copy_n(region.intensity.begin() + from, grid.size[2], result.intensity.begin() + to);
      std::copy_n(levels.level.begin() + from, grid.size[2], result.level.begin() + to);
    }
  }
  return result;
}

bool theirs(const Settings& settings) {
  return settings.profile == "pyradiomics";
}

/// The whole box as the region.
Region filled(const Region& region) {
  Region result = region;
  result.mask.assign(region.grid.count(), 1);
  result.voxels.resize(region.grid.count());
  std::iota(result.voxels.begin(), result.voxels.end(), 0);
  return result;
}

/// The region in its surroundings, and the levels that its maps are made of.
struct Ready {
  Region region;
  Levels levels;
  Levels first_order;  ///< as `levels`, but for float32 images of the profile `pyradiomics`
};

/// The image around the region with levels everywhere, not only in the mask.
Levels levels_everywhere(const imaging::Volume& image, const Region& region, const Settings& settings) {
  imaging::Volume all = image;
  all.data = at::ones(image.data.sizes(), at::kByte);
  const Region whole = make_region(image, all, settings, 0);
  const Levels levels = discretise(whole, settings.discretise, settings.range);
  Levels result{region.grid, {}, levels.count};
  const auto& size = region.grid.size;
  for (int64_t z = 0; z < size[0]; ++z)
    for (int64_t y = 0; y < size[1]; ++y) {
      const auto row =
          levels.level.begin() + whole.grid.at(z + region.offset[0], y + region.offset[1], region.offset[2]);
      result.level.insert(result.level.end(), row, row + size[2]);
    }
  return result;
}

Ready by_ibsi(const imaging::Volume& image, const imaging::Volume& mask, const Settings& settings,
              const VoxelwiseOptions& options) {
  double widest = 0;
  for (const double spacing : resampled_grid(image.geometry, settings).spacing)
    widest = std::max(widest, spacing);
  Ready ready;
  ready.region = make_region(image, mask, settings, static_cast<double>(options.radius) * widest, nullptr,
                             options.masked ? Finite::inside : Finite::around);
  resegment(ready.region, settings);
  ready.levels = options.masked ? discretise(ready.region, settings.discretise, settings.range)
                                : levels_everywhere(image, ready.region, settings);
  ready.first_order = ready.levels;
  return ready;
}

/// The region with the voxels around it that its cubes reach; as there, no others.
Ready by_pyradiomics(const imaging::Volume& image, const imaging::Volume& mask, const Pyradiomics& settings,
                     const VoxelwiseOptions& options) {
  const pyradiomics::Prepared prepared = pyradiomics::prepare(image, mask, settings, options.radius);
  const Grid& around = prepared.image.image;
  Window window = grown(prepared.window, {options.radius, options.radius, options.radius});
  Ready ready;
  Region& region = ready.region;
  region.grid.spacing = prepared.region.grid.spacing;
  Place border{};
  for (int axis = 0; axis < 3; ++axis) {
    window.begin[axis] = std::max<int64_t>(0, window.begin[axis]);
    window.end[axis] = std::min(around.size[axis], window.end[axis]);
    border[axis] = prepared.window.begin[axis] - window.begin[axis];
    region.grid.size[axis] = window.length(axis);
    region.offset[axis] = prepared.first[axis] - border[axis];
  }
  region.intensity = values_around(prepared.image, window, Boundary::nearest);
  region.mask.assign(region.grid.count(), 0);
  for (const int64_t voxel : prepared.region.voxels) {
    const Place at = prepared.region.grid.place(voxel);
    region.voxels.push_back(region.grid.at(at[0] + border[0], at[1] + border[1], at[2] + border[2]));
    region.mask[region.voxels.back()] = 1;
  }
  const Region whole = options.masked ? region : filled(region);
  for (const int64_t voxel : whole.voxels)
    if (!std::isfinite(whole.intensity[voxel]))
      core::fail_data(image.source +
                      ": intensities around the region are not finite, where cubes that are not "
                      "`masked` look");
  ready.levels = pyradiomics::discretise(whole, settings, prepared.single);
  ready.first_order = prepared.single ? pyradiomics::discretise(whole, settings, false) : ready.levels;
  return ready;
}

/// What a map is made with.
Pyradiomics cube_settings(const Settings& settings) {
  if (!theirs(settings)) return {};
  const Pyradiomics& own = settings.pyradiomics;
  return pyradiomics::with(own.image_type.original.value_or(ImageTypeLevels{}), own);
}

struct Row {
  int64_t z, y;
};

class Maps {
 public:
  Maps(const Ready& ready, const Pyradiomics& settings, const VoxelwiseOptions& options)
      : region_(ready.region),
        settings_(settings),
        radius_(options.radius),
        image_(levelled(ready.region, ready.levels, options.radius)),
        first_order_(levelled(ready.region, ready.first_order, options.radius)),
        cube_(image_.grid, options.radius,
              settings.force_2d ? static_cast<int>(settings.force_2d_dimension) : -1) {
    first_order_.shift = settings.voxel_array_shift;
    const Region& region = ready.region;
    const at::Tensor empty =
        at::full({1, region.grid.size[0], region.grid.size[1], region.grid.size[2]},
                 options.outside.value_or(std::numeric_limits<double>::quiet_NaN()), at::kFloat);
    for (const MapFamily* family : wanted_families(settings, options)) {
      Places places;
      const std::string name = config::name_of(family->family);
      for (const char* feature : family->features) {
        const bool wanted = pyradiomics::Selection(settings).has_feature(name, feature);
        places.push_back(wanted ? static_cast<int64_t>(maps_.size()) : -1);
        if (!wanted) continue;
        names_.push_back("original_" + name + "_" + feature);
        maps_.push_back(empty.clone());
      }
      families_.push_back({family, std::move(places)});
    }
    int64_t last = -1;
    for (const int64_t voxel : region.voxels) {
      const int64_t row = voxel / region.grid.size[2];
      if (row != last) rows_.push_back({row / region.grid.size[1], row % region.grid.size[1]});
      last = row;
    }
  }

  void fill(core::ThreadPool* pool) {
    const auto count = static_cast<int64_t>(rows_.size());
    const auto work = [&](int64_t begin, int64_t end) {
      for (const auto& [family, places] : families_) {
        const Levelled& image = family->family == MappedFamily::firstorder ? first_order_ : image_;
        const auto made = slides(*family, settings_) ? family->make(image, cube_)
                                                     : make_cube_general(*family, image, radius_, settings_);
        for (int64_t i = begin; i < end; ++i) fill_row(*made, places, rows_[i]);
      }
    };
    if (pool != nullptr)
      pool->parallel_for(count, std::max<int64_t>(1, count / (4 * pool->size())), work);
    else
      work(0, count);
  }

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<at::Tensor>& maps() const { return maps_; }

 private:
  using Places = std::vector<int64_t>;  ///< among the maps, a feature; -1: none

  static std::vector<const MapFamily*> wanted_families(const Pyradiomics& settings,
                                                       const VoxelwiseOptions& options) {
    const pyradiomics::Selection selection(settings);
    std::vector<const MapFamily*> wanted;
    for (const MapFamily& family : map_families()) {
      const bool listed = options.families.empty() ||
                          std::ranges::find(options.families, family.family) != options.families.end();
      if (listed && selection.has_class(config::name_of(family.family))) wanted.push_back(&family);
    }
    return wanted;
  }

  void fill_row(CubeFamily& family, const Places& places, const Row& row) {
    const Grid& grid = region_.grid;
    std::vector<double> values(places.size());
    int64_t at = -1;  // where the cube stands in the row
    for (int64_t x = 0; x < grid.size[2]; ++x) {
      const int64_t voxel = grid.at(row.z, row.y, x);
      if (!region_.mask[voxel]) continue;
      const auto padded = [&](int64_t column) {
        return image_.grid.at(row.z + radius_, row.y + radius_, column + radius_);
      };
      if (at < 0 || x - at > 2 * radius_ + 1) {
        family.start(padded(x));
      } else {
        while (at < x) family.step(padded(++at));
      }
      at = x;
      family.values(padded(x), values.data());
      for (size_t i = 0; i < places.size(); ++i)
        if (places[i] >= 0) maps_[places[i]].data_ptr<float>()[voxel] = static_cast<float>(values[i]);
    }
  }

  struct Wanted {
    const MapFamily* family;
    Places places;
  };

  const Region& region_;
  const Pyradiomics& settings_;
  int64_t radius_;
  Levelled image_, first_order_;
  Cube cube_;
  std::vector<Wanted> families_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> maps_;
  std::vector<Row> rows_;
};

/// Settings that maps would pass over are errors.
void check_settings(const Settings& settings) {
  const auto refuse = [](bool holds, const std::string& key, const std::string& remedy) {
    if (holds) core::fail_usage("voxel-wise maps do not read `" + key + "`; " + remedy);
  };
  if (theirs(settings)) {
    const Pyradiomics& own = settings.pyradiomics;
    refuse(!own.resampled_spacing.empty(), "pyradiomics.resampledPixelSpacing",
           "resample the image and its mask first, or take `spacing` of the profile ibsi");
    refuse(own.image_type.derived(), "pyradiomics.imageType", "remove all types but Original");
    for (const std::string& one : own.feature_class) {
      const size_t bar = one.find('_');
      const std::string name = one.substr(0, bar);
      if (name.starts_with("shape") || bar == std::string::npos) continue;  // as there, without maps of form
      const auto known = pyradiomics_features(name);
      refuse(std::find(known.begin(), known.end(), one.substr(bar + 1)) == known.end(),
             "pyradiomics.featureClass: " + one, "remove it");
    }
    return;
  }
  refuse(settings.distance != 1, "distance", "the profile pyradiomics has `distances`");
  refuse(settings.coarseness != 0, "coarseness", "the profile pyradiomics has `gldm_a`");
  refuse(!settings.filters.empty(), "filters", "write the response with --maps and map that image");
  refuse(std::ranges::any_of(settings.aggregation,
                             [](TextureAggregation one) {
                               return one != TextureAggregation::average_3d &&
                                      one != TextureAggregation::merged_3d;
                             }),
         "aggregation", "cubes are 3D: set 3d_average, or `force2D` of the profile pyradiomics");
}

}  // namespace

std::span<const MapFamily> map_families() {
  static const std::array<MapFamily, 6> table{
      {{MappedFamily::firstorder, first_order_map_names(), make_cube_first_order},
       {MappedFamily::glcm, glcm_map_names(), make_cube_glcm},
       {MappedFamily::gldm, gldm_map_names(), make_cube_gldm},
       {MappedFamily::glrlm, glrlm_map_names(), make_cube_glrlm},
       {MappedFamily::glszm, glszm_map_names(), make_cube_glszm},
       {MappedFamily::ngtdm, ngtdm_map_names(), make_cube_ngtdm}}};
  return table;
}

std::span<const std::string_view> enum_names(MappedFamily) {
  static constexpr std::array<std::string_view, 6> names{"firstorder", "glcm",  "gldm",
                                                         "glrlm",      "glszm", "ngtdm"};
  return names;
}

void describe(config::Fields& f, VoxelwiseOptions& o) {
  f("radius", o.radius, "of the cube around each voxel, which has 2 radius + 1 an edge",
    {.min = 1, .max = 10, .unit = "voxels"});
  f("masked", o.masked,
    "only voxels of the region count; else all of the image, which decides on the levels too (in the profile "
    "pyradiomics the box that the cubes reach)");
  f("outside", o.outside, "the maps' value outside the region; absent: NaN");
  f("families", o.families, "what to map; absent: all", {.lone = true});
}

std::vector<FeatureMap> voxelwise(const imaging::Volume& image, const imaging::Volume& mask,
                                  const Settings& settings, const VoxelwiseOptions& options,
                                  core::ThreadPool* pool) {
  check_settings(settings);
  const Pyradiomics cube = cube_settings(settings);
  const Ready ready =
      theirs(settings) ? by_pyradiomics(image, mask, cube, options) : by_ibsi(image, mask, settings, options);
  const Region& region = ready.region;
  const int32_t levels = std::max(ready.levels.count, ready.first_order.count);
  if (levels > kMostLevels)
    core::fail_data("voxel-wise maps take up to " + std::to_string(kMostLevels) + " levels, not " +
                    std::to_string(levels) + "; let " +
                    (theirs(settings) ? "`pyradiomics.binWidth`" : "`discretise`") + " make fewer");
  Maps maps(ready, cube, options);
  if (maps.names().empty())
    core::fail_usage(
        "no maps are asked for: `pyradiomics.featureClass` and `voxelwise.families` have none in common that "
        "can be mapped");
  maps.fill(pool);
  const imaging::Geometry geometry = geometry_of_part(
      image.geometry, resampled_grid(image.geometry, settings), region.offset, region.grid.size);
  std::vector<FeatureMap> result;
  for (size_t i = 0; i < maps.maps().size(); ++i) {
    imaging::Volume map = imaging::make_volume(maps.maps()[i], geometry, image.modality);
    map.source = image.source;
    result.push_back({maps.names()[i], std::move(map)});
  }
  return result;
}

}  // namespace photo51::radiomics

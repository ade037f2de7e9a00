#include "photo51/radiomics/voxelwise.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "photo51/core/error.hpp"
#include "radiomics/pyradiomics_parts.hpp"
#include "radiomics/region.hpp"
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

Levels levels_of(const Region& region, const Settings& settings) {
  return theirs(settings) ? pyradiomics::discretise(region, settings.pyradiomics)
                          : discretise(region, settings.discretise, settings.range);
}

/// The image around the region with levels everywhere, not only in the mask.
Levels levels_everywhere(const imaging::Volume& image, const Region& region, const Settings& settings) {
  imaging::Volume all = image;
  all.data = at::ones(image.data.sizes(), at::kByte);
  const Region whole = make_region(image, all, settings, 0);
  const Levels levels = levels_of(whole, settings);
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

struct Row {
  int64_t z, y;
};

class Maps {
 public:
  Maps(const Region& region, const Levels& levels, const VoxelwiseOptions& options)
      : region_(region),
        radius_(options.radius),
        image_(levelled(region, levels, options.radius)),
        cube_(image_.grid, options.radius) {
    for (const MapFamily& family : map_families()) {
      if (!options.families.empty() &&
          std::find(options.families.begin(), options.families.end(), family.name) == options.families.end())
        continue;
      families_.push_back(&family);
      for (const char* feature : family.features) {
        names_.push_back(std::string("original_") + family.name + "_" + feature);
        maps_.push_back(at::full({1, region.grid.size[0], region.grid.size[1], region.grid.size[2]},
                                 std::numeric_limits<float>::quiet_NaN()));
      }
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
      size_t first = 0;
      for (const MapFamily* family : families_) {
        const auto made = family->make(image_, cube_);
        for (int64_t i = begin; i < end; ++i) fill_row(*made, family->features.size(), first, rows_[i]);
        first += family->features.size();
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
  void fill_row(CubeFamily& family, size_t features, size_t first, const Row& row) {
    const Grid& grid = region_.grid;
    std::vector<double> values(features);
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
      for (size_t i = 0; i < features; ++i)
        maps_[first + i].data_ptr<float>()[voxel] = static_cast<float>(values[i]);
    }
  }

  const Region& region_;
  int64_t radius_;
  Levelled image_;
  Cube cube_;
  std::vector<const MapFamily*> families_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> maps_;
  std::vector<Row> rows_;
};

std::vector<std::string> map_family_names() {
  std::vector<std::string> names;
  for (const MapFamily& family : map_families()) names.emplace_back(family.name);
  return names;
}

}  // namespace

std::span<const MapFamily> map_families() {
  static const std::array<MapFamily, 6> table{{{"firstorder", first_order_map_names(), make_cube_first_order},
                                               {"glcm", glcm_map_names(), make_cube_glcm},
                                               {"gldm", gldm_map_names(), make_cube_gldm},
                                               {"glrlm", glrlm_map_names(), make_cube_glrlm},
                                               {"glszm", glszm_map_names(), make_cube_glszm},
                                               {"ngtdm", ngtdm_map_names(), make_cube_ngtdm}}};
  return table;
}

void describe(config::Fields& f, VoxelwiseOptions& o) {
  f("radius", o.radius, "of the cube around each voxel, which has 2 radius + 1 an edge",
    {.min = 1, .max = 10, .unit = "voxels"});
  f("masked", o.masked, "only voxels of the region count; else all of the image");
  f("families", o.families, "what to map; absent: all", {.one_of = map_family_names(), .lone = true});
}

std::vector<FeatureMap> voxelwise(const imaging::Volume& image, const imaging::Volume& mask,
                                  const Settings& settings, const VoxelwiseOptions& options,
                                  core::ThreadPool* pool) {
  const Pyradiomics& other = settings.pyradiomics;
  if (other.normalize || !other.resampled_spacing.empty() || !other.resegment_range.empty() ||
      other.image_type.derived())
    core::fail_usage(
        "voxel-wise maps take images as they are: no normalize, resampledPixelSpacing, resegmentRange or "
        "imageType; the profile ibsi has `spacing` and `range` for them");
  double widest = 0;
  for (const double spacing : resampled_grid(image.geometry, settings).spacing)
    widest = std::max(widest, spacing);
  Region region = make_region(image, mask, settings, static_cast<double>(options.radius) * widest);
  resegment(region, settings);
  const Levels levels =
      options.masked ? levels_of(region, settings) : levels_everywhere(image, region, settings);
  if (levels.count > kMostLevels)
    core::fail_data("voxel-wise maps take up to " + std::to_string(kMostLevels) + " levels, not " +
                    std::to_string(levels.count) + "; let `discretise` make fewer");
  Maps maps(region, levels, options);
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

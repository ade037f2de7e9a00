#include <algorithm>
#include <cmath>
#include <map>

#include "radiomics/ibsi/families.hpp"
#include "radiomics/ibsi/mean.hpp"
#include "radiomics/ibsi/runs.hpp"
#include "radiomics/ibsi/size_features.hpp"
#include "radiomics/pyradiomics/common.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

/// What has a name in PyRadiomics, in the order of the names.
Values named(const Family& family, const std::vector<double>& found) {
  std::map<std::string, double> sorted;
  for (size_t i = 0; i < family.info.features.size(); ++i)
    if (const std::string name = family.info.features[i].pyradiomics; !name.empty()) sorted[name] = found[i];
  return {sorted.begin(), sorted.end()};
}

/// Whether some line along the step meets the region twice.
bool meets_twice(const Texture& texture, int64_t offset) {
  // A line's voxels, stepped back as far as they go, come to the same place.
  std::vector<int64_t> starts;
  const auto size = static_cast<int64_t>(texture.row.size());
  const auto place = [&](int64_t voxel) { return texture.grid.place(voxel); };
  const Place one = minus(place(texture.voxels.front() + offset), place(texture.voxels.front()));
  for (int64_t voxel : texture.voxels) {
    while (voxel >= offset && voxel < size && minus(place(voxel), place(voxel - offset)) == one)
      voxel -= offset;
    starts.push_back(voxel);
  }
  std::sort(starts.begin(), starts.end());
  return std::adjacent_find(starts.begin(), starts.end()) != starts.end();
}

/// Where every voxel is a run of its own.
bool lone_runs(Counts& counts) {
  double runs = 0;
  counts.for_each([&](int64_t, int64_t, double count) { runs += count; });
  return runs == static_cast<double>(counts.voxels);
}

double length_of(const Place& offset, const Grid& grid, WeightingNorm norm) {
  double sum = 0, squares = 0, most = 0;
  for (int axis = 0; axis < 3; ++axis) {
    const double along = std::abs(static_cast<double>(offset[axis])) * grid.spacing[axis];
    sum += along;
    squares += along * along;
    most = std::max(most, along);
  }
  if (norm == WeightingNorm::manhattan) return sum;
  if (norm == WeightingNorm::euclidean) return std::sqrt(squares);
  if (norm == WeightingNorm::infinity) return most;
  return 1;
}

}  // namespace

std::vector<Step> steps(const Grid& grid, const std::vector<int64_t>& distances,
                        const Pyradiomics& settings) {
  const int64_t reach = *std::max_element(distances.begin(), distances.end());
  std::vector<Step> result;
  for (int64_t z = 0; z <= (settings.force_2d ? 0 : reach); ++z) {
    for (int64_t y = -reach; y <= reach; ++y) {
      for (int64_t x = -reach; x <= reach; ++x) {
        const int64_t distance = std::max({z, std::abs(y), std::abs(x)});
        if (grid.at(z, y, x) <= 0) continue;
        if (std::find(distances.begin(), distances.end(), distance) == distances.end()) continue;
        result.push_back({{z, y, x}, length_of({z, y, x}, grid, settings.weighting_norm)});
      }
    }
  }
  return result;
}

Values glrlm(const Texture& texture, const Pyradiomics& settings) {
  const Family& family = radiomics::glrlm();
  Mean mean(family.info.features.size());
  std::vector<Cell> sum;
  double voxels = 0;
  std::vector<Counts> all = runs(texture, {0, texture.voxels.size()}, settings.force_2d);
  const std::vector<Step> along = steps(texture.grid, {1}, settings);  // in the order of `all`
  for (size_t i = 0; i < all.size(); ++i) {
    Counts& counts = all[i];
    const Step& step = along[i];
    const int64_t offset = texture.grid.at(step.offset[0], step.offset[1], step.offset[2]);
    if (lone_runs(counts) && !meets_twice(texture, offset)) continue;  // the region is flat this way
    if (settings.weighting_norm == WeightingNorm::none) {
      mean.add(size_features(counts, texture));
      continue;
    }
    counts.for_each([&](int64_t row, int64_t column, double count) {
      sum.push_back({row, column, count * step.length});
    });
    voxels += step.length * static_cast<double>(counts.voxels);
  }
  if (settings.weighting_norm != WeightingNorm::none)
    mean.add(size_features(merged(std::move(sum)), texture, voxels));
  return named(family, mean.value());
}

Values texture_features(const std::string& name, const Texture& texture, const Pyradiomics& settings) {
  if (name == "glcm") return glcm(texture, settings);
  if (name == "glrlm") return glrlm(texture, settings);
  const Family& family = name == "glszm" ? glszm() : name == "gldm" ? ngldm() : ngtdm();
  Settings general;
  general.coarseness = settings.gldm_a;
  const Neighbourhood neighbourhood{settings.distances, true};
  const Aggregation space{settings.force_2d ? Aggregation::Space::merged_slices : Aggregation::Space::volume};
  const Region region;
  const Levels levels;
  const auto rows = family.compute({region, levels, texture, neighbourhood, general, nullptr}, {&space, 1});
  return named(family, rows.front());
}

}  // namespace photo51::radiomics::pyradiomics

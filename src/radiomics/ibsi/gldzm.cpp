// Grey level distance zones (IBSI 3.9, Thibault 2014 doi:10.1109/TBME.2013.2284600).
#include <array>

#include "radiomics/ibsi/aggregate.hpp"
#include "radiomics/ibsi/size_features.hpp"
#include "radiomics/ibsi/zones.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 16> kGldzmFeatures{{
    {"dzm_sde", "small_distance_emphasis", "0GBI", ""},
    {"dzm_lde", "large_distance_emphasis", "MB4I", ""},
    {"dzm_lgze", "low_grey_level_zone_emphasis", "S1RA", ""},
    {"dzm_hgze", "high_grey_level_zone_emphasis", "K26C", ""},
    {"dzm_sdlge", "small_distance_low_grey_level_emphasis", "RUVG", ""},
    {"dzm_sdhge", "small_distance_high_grey_level_emphasis", "DKNJ", ""},
    {"dzm_ldlge", "large_distance_low_grey_level_emphasis", "A7WM", ""},
    {"dzm_ldhge", "large_distance_high_grey_level_emphasis", "KLTH", ""},
    {"dzm_glnu", "grey_level_non_uniformity", "VFT7", ""},
    {"dzm_glnu_norm", "normalised_grey_level_non_uniformity", "7HP3", ""},
    {"dzm_zdnu", "zone_distance_non_uniformity", "V294", ""},
    {"dzm_zdnu_norm", "normalised_zone_distance_non_uniformity", "IATH", ""},
    {"dzm_z_perc", "zone_percentage", "VIWW", ""},
    {"dzm_gl_var", "grey_level_variance", "QK93", ""},
    {"dzm_zd_var", "zone_distance_variance", "7WT1", ""},
    {"dzm_zd_entr", "zone_distance_entropy", "GBDU", ""},
}};

/// Steps through faces from each voxel of the mask to the nearest place outside, which all beyond the grid
/// is: 1 at the border of the mask. `planar`: in each slice by itself.
std::vector<int32_t> steps_to_outside(const Mask& mask, const Grid& grid, bool planar) {
  std::vector<int32_t> steps(mask.size(), 0);
  const auto pass = [&](int64_t z, int64_t y, int64_t x, int64_t sign) {
    const int64_t i = grid.at(z, y, x);
    if (!mask[i]) return;
    const auto next = [&](int64_t place, int64_t size, int64_t stride) {
      const int64_t beside = place + sign;
      return beside < 0 || beside >= size ? 0 : steps[i + sign * stride];
    };
    int32_t nearest = std::min(next(x, grid.size[2], 1), next(y, grid.size[1], grid.size[2]));
    if (!planar) nearest = std::min(nearest, next(z, grid.size[0], grid.slice()));
    steps[i] = sign < 0 ? nearest + 1 : std::min(steps[i], nearest + 1);
  };
  for (int64_t z = 0; z < grid.size[0]; ++z)
    for (int64_t y = 0; y < grid.size[1]; ++y)
      for (int64_t x = 0; x < grid.size[2]; ++x) pass(z, y, x, -1);
  for (int64_t z = grid.size[0] - 1; z >= 0; --z)
    for (int64_t y = grid.size[1] - 1; y >= 0; --y)
      for (int64_t x = grid.size[2] - 1; x >= 0; --x) pass(z, y, x, 1);
  return steps;
}

Values compute_gldzm(const Input& input, Aggregations wanted) {
  const Texture& texture = input.texture;
  const Region& region = input.region;
  Zones zones(texture);
  std::array<std::vector<int32_t>, 2> steps;  // in space and in slices
  std::vector<int32_t> nearest(texture.row.size());
  const auto& size = region.grid.size;
  return aggregate(
      texture, wanted, kGldzmFeatures.size(),
      [&](Range range, bool planar) {
        std::vector<int32_t>& of = steps[planar ? 1 : 0];
        if (of.empty()) of = steps_to_outside(region.shape, region.grid, planar);
        zones.find(range, planar);
        Counts counts(texture.rows(), 1 + *std::max_element(size.begin(), size.end()), range.size());
        counts.voxels = range.size();
        for (size_t k = range.begin; k < range.end; ++k) {  // a zone's first voxel comes before the others
          const int64_t voxel = texture.voxels[k], zone = zones.of(voxel);
          const int32_t distance = of[region.voxels[k]];
          nearest[zone] = voxel == zone ? distance : std::min(nearest[zone], distance);
        }
        for (size_t k = range.begin; k < range.end; ++k) {
          const int64_t voxel = texture.voxels[k];
          if (zones.of(voxel) == voxel) counts.add(texture.row[voxel], nearest[voxel]);
        }
        return std::vector<Counts>{std::move(counts)};
      },
      [&](Counts& counts) { return size_features(counts, texture); });
}

}  // namespace

const Family& gldzm() {
  static const Family family{
      {FeatureFamily::gldzm, "VMDZ", kGldzmFeatures}, Family::Kind::zonal, true, 0, compute_gldzm};
  return family;
}

}  // namespace photo51::radiomics

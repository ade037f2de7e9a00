// Grey level size zones (IBSI 3.8, Thibault 2014 doi:10.1109/TBME.2013.2284600).
#include <array>

#include "radiomics/ibsi/aggregate.hpp"
#include "radiomics/ibsi/size_features.hpp"
#include "radiomics/ibsi/zones.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 16> kGlszmFeatures{{
    {"szm_sze", "small_zone_emphasis", "5QRC", "SmallAreaEmphasis"},
    {"szm_lze", "large_zone_emphasis", "48P8", "LargeAreaEmphasis"},
    {"szm_lgze", "low_grey_level_zone_emphasis", "XMSY", "LowGrayLevelZoneEmphasis"},
    {"szm_hgze", "high_grey_level_zone_emphasis", "5GN9", "HighGrayLevelZoneEmphasis"},
    {"szm_szlge", "small_zone_low_grey_level_emphasis", "5RAI", "SmallAreaLowGrayLevelEmphasis"},
    {"szm_szhge", "small_zone_high_grey_level_emphasis", "HW1V", "SmallAreaHighGrayLevelEmphasis"},
    {"szm_lzlge", "large_zone_low_grey_level_emphasis", "YH51", "LargeAreaLowGrayLevelEmphasis"},
    {"szm_lzhge", "large_zone_high_grey_level_emphasis", "J17V", "LargeAreaHighGrayLevelEmphasis"},
    {"szm_glnu", "grey_level_non_uniformity", "JNSA", "GrayLevelNonUniformity"},
    {"szm_glnu_norm", "normalised_grey_level_non_uniformity", "Y1RO", "GrayLevelNonUniformityNormalized"},
    {"szm_zsnu", "zone_size_non_uniformity", "4JP3", "SizeZoneNonUniformity"},
    {"szm_zsnu_norm", "normalised_zone_size_non_uniformity", "VB3A", "SizeZoneNonUniformityNormalized"},
    {"szm_z_perc", "zone_percentage", "P30P", "ZonePercentage"},
    {"szm_gl_var", "grey_level_variance", "BYLV", "GrayLevelVariance"},
    {"szm_zs_var", "zone_size_variance", "3NSA", "ZoneVariance"},
    {"szm_zs_entr", "zone_size_entropy", "GU8N", "ZoneEntropy"},
}};

Values compute_glszm(const Input& input, Aggregations wanted) {
  const Texture& texture = input.texture;
  Zones zones(texture);
  std::vector<int32_t> size(texture.row.size(), 0);
  return aggregate(
      texture, wanted, kGlszmFeatures.size(),
      [&](Range range, bool planar) {
        zones.find(range, planar);
        Counts counts(texture.rows(), range.size() + 1, range.size());
        counts.voxels = range.size();
        for (size_t k = range.begin; k < range.end; ++k) size[texture.voxels[k]] = 0;
        for (size_t k = range.begin; k < range.end; ++k) ++size[zones.of(texture.voxels[k])];
        for (size_t k = range.begin; k < range.end; ++k) {
          const int64_t voxel = texture.voxels[k];
          if (size[voxel] > 0) counts.add(texture.row[voxel], size[voxel]);
        }
        return std::vector<Counts>{std::move(counts)};
      },
      [&](Counts& counts) { return size_features(counts, texture); });
}

}  // namespace

const Family& glszm() {
  static const Family family{
      {FeatureFamily::glszm, "9SAK", kGlszmFeatures}, Family::Kind::zonal, true, 0, compute_glszm};
  return family;
}

}  // namespace photo51::radiomics

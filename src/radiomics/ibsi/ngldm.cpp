// Neighbouring grey level dependence (IBSI 3.11, Sun & Wee 1983 doi:10.1016/0734-189X(83)90032-4).
#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "radiomics/ibsi/aggregate.hpp"
#include "radiomics/ibsi/size_features.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 17> kNgldmFeatures{{
    {"ngl_lde", "low_dependence_emphasis", "SODN", "SmallDependenceEmphasis"},
    {"ngl_hde", "high_dependence_emphasis", "IMOQ", "LargeDependenceEmphasis"},
    {"ngl_lgce", "low_grey_level_count_emphasis", "TL9H", "LowGrayLevelEmphasis"},
    {"ngl_hgce", "high_grey_level_count_emphasis", "OAE7", "HighGrayLevelEmphasis"},
    {"ngl_ldlge", "low_dependence_low_grey_level_emphasis", "EQ3F", "SmallDependenceLowGrayLevelEmphasis"},
    {"ngl_ldhge", "low_dependence_high_grey_level_emphasis", "JA6D", "SmallDependenceHighGrayLevelEmphasis"},
    {"ngl_hdlge", "high_dependence_low_grey_level_emphasis", "NBZI", "LargeDependenceLowGrayLevelEmphasis"},
    {"ngl_hdhge", "high_dependence_high_grey_level_emphasis", "9QMG", "LargeDependenceHighGrayLevelEmphasis"},
    {"ngl_glnu", "grey_level_non_uniformity", "FP8K", "GrayLevelNonUniformity"},
    {"ngl_glnu_norm", "normalised_grey_level_non_uniformity", "5SPA", ""},
    {"ngl_dcnu", "dependence_count_non_uniformity", "Z87G", "DependenceNonUniformity"},
    {"ngl_dcnu_norm", "normalised_dependence_count_non_uniformity", "OKJI",
     "DependenceNonUniformityNormalized"},
    {"ngl_dc_perc", "dependence_count_percentage", "6XV8", ""},
    {"ngl_gl_var", "grey_level_variance", "1PFV", "GrayLevelVariance"},
    {"ngl_dc_var", "dependence_count_variance", "DNX2", "DependenceVariance"},
    {"ngl_dc_entr", "dependence_count_entropy", "FCBV", "DependenceEntropy"},
    {"ngl_dc_energy", "dependence_count_energy", "CAS9", ""},
}};
static_assert(kNgldmFeatures.size() == kSizeFeatures);

/// 1 + how many neighbours at `distances` differ by at most `close` levels; defined inside the mask.
std::vector<int32_t> dependences(const Texture& texture, bool planar, const std::vector<int64_t>& distances,
                                 int64_t close) {
  const int64_t reach = *std::max_element(distances.begin(), distances.end());
  const auto& level = texture.level;
  const auto size = static_cast<int64_t>(level.size());
  std::vector<int32_t> result(level.size(), 1);
  for (int64_t z = planar ? 0 : -reach; z <= (planar ? 0 : reach); ++z) {
    for (int64_t y = -reach; y <= reach; ++y) {
      for (int64_t x = -reach; x <= reach; ++x) {
        const int64_t offset = texture.grid.at(z, y, x);
        const int64_t distance = std::max({std::abs(z), std::abs(y), std::abs(x)});
        if (std::find(distances.begin(), distances.end(), distance) == distances.end()) continue;
        const int64_t first = std::max<int64_t>(0, -offset), last = std::min(size, size - offset);
        const int32_t* next = level.data() + offset;
        for (int64_t i = first; i < last; ++i)
          result[i] += (next[i] != 0) & (std::abs(next[i] - level[i]) <= close);
      }
    }
  }
  return result;
}

/// The same of the next neighbours, of the very same level.
std::vector<int32_t> equal_neighbours(const Texture& texture, bool planar) {
  std::vector<int32_t> result(texture.level.size());
  const uint32_t used = planar ? kPlanar : 0xffff;
  for (const int64_t i : texture.voxels)
    result[i] = 1 + std::popcount(texture.ahead[i] & used) + std::popcount(texture.behind[i] & used);
  return result;
}

Values compute_ngldm(const Input& input, Aggregations wanted) {
  const Texture& texture = input.texture;
  const auto& distances = input.neighbourhood.distances;
  const int64_t window = 2 * *std::max_element(distances.begin(), distances.end()) + 1;
  const int64_t close = input.settings.coarseness;
  std::array<std::vector<int32_t>, 2> all;  // in space and in slices
  return aggregate(
      texture, wanted, kNgldmFeatures.size(),
      [&](Range range, bool planar) {
        std::vector<int32_t>& of = all[planar ? 1 : 0];
        if (of.empty())
          of = distances == std::vector<int64_t>{1} && close == 0
                   ? equal_neighbours(texture, planar)
                   : dependences(texture, planar, distances, close);
        Counts counts(texture.rows(), 1 + window * window * window, range.size());
        counts.voxels = range.size();
        for (size_t k = range.begin; k < range.end; ++k) {
          const int64_t voxel = texture.voxels[k];
          counts.add(texture.row[voxel], of[voxel]);
        }
        return std::vector<Counts>{std::move(counts)};
      },
      [&](Counts& counts) { return size_features(counts, texture); });
}

}  // namespace

const Family& ngldm() {
  static const Family family{
      {FeatureFamily::ngldm, "REK0", kNgldmFeatures}, Family::Kind::zonal, true, 0, compute_ngldm};
  return family;
}

}  // namespace photo51::radiomics

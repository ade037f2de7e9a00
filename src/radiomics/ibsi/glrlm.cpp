// Grey level run lengths (IBSI 3.7, Galloway 1975 doi:10.1016/S0146-664X(75)80008-6).
#include <array>
#include <bit>

#include "radiomics/ibsi/aggregate.hpp"
#include "radiomics/ibsi/gpu_texture.hpp"
#include "radiomics/ibsi/runs.hpp"
#include "radiomics/ibsi/size_features.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 16> kGlrlmFeatures{{
    {"rlm_sre", "short_runs_emphasis", "22OV", "ShortRunEmphasis"},
    {"rlm_lre", "long_runs_emphasis", "W4KF", "LongRunEmphasis"},
    {"rlm_lgre", "low_grey_level_run_emphasis", "V3SW", "LowGrayLevelRunEmphasis"},
    {"rlm_hgre", "high_grey_level_run_emphasis", "G3QZ", "HighGrayLevelRunEmphasis"},
    {"rlm_srlge", "short_run_low_grey_level_emphasis", "HTZT", "ShortRunLowGrayLevelEmphasis"},
    {"rlm_srhge", "short_run_high_grey_level_emphasis", "GD3A", "ShortRunHighGrayLevelEmphasis"},
    {"rlm_lrlge", "long_run_low_grey_level_emphasis", "IVPO", "LongRunLowGrayLevelEmphasis"},
    {"rlm_lrhge", "long_run_high_grey_level_emphasis", "3KUM", "LongRunHighGrayLevelEmphasis"},
    {"rlm_glnu", "grey_level_non_uniformity", "R5YN", "GrayLevelNonUniformity"},
    {"rlm_glnu_norm", "normalised_grey_level_non_uniformity", "OVBL", "GrayLevelNonUniformityNormalized"},
    {"rlm_rlnu", "run_length_non_uniformity", "W92Y", "RunLengthNonUniformity"},
    {"rlm_rlnu_norm", "normalised_run_length_non_uniformity", "IC23", "RunLengthNonUniformityNormalized"},
    {"rlm_r_perc", "run_percentage", "9ZK5", "RunPercentage"},
    {"rlm_gl_var", "grey_level_variance", "8CE5", "GrayLevelVariance"},
    {"rlm_rl_var", "run_length_variance", "SXLW", "RunVariance"},
    {"rlm_rl_entr", "run_entropy", "HJ9O", "RunEntropy"},
}};

}  // namespace

std::vector<Counts> runs(const Texture& texture, Range range, bool planar) {
  const std::vector<int64_t> offsets = directions(texture.grid, planar);
  const auto& size = texture.grid.size;
  const int64_t longest = *std::max_element(size.begin(), size.end());
  Counts none(texture.rows(), 1 + longest, range.size());
  none.voxels = range.size();
  std::vector<Counts> counts(offsets.size(), none);
  if (add_runs_on_gpu(counts, texture, range, offsets, longest)) return counts;
  std::vector<uint32_t> voxels(texture.rows(), 0);
  for (size_t k = range.begin; k < range.end; ++k) ++voxels[texture.row[texture.voxels[k]]];
  std::vector<std::vector<uint32_t>> single(offsets.size(), voxels);
  // Most runs are single voxels, which are counted as what is left of a level's voxels.
  const uint16_t *ahead = texture.ahead.data(), *behind = texture.behind.data();
  const uint32_t used = planar ? kPlanar : 0xffff;
  for (size_t k = range.begin; k < range.end; ++k) {
    const int64_t first = texture.voxels[k];
    for (uint32_t starts = ahead[first] & ~behind[first] & used; starts != 0; starts &= starts - 1) {
      const int d = std::countr_zero(starts);
      int64_t voxel = first + offsets[d];
      uint32_t length = 2;
      for (; (ahead[voxel] >> d & 1) != 0; ++length) voxel += offsets[d];
      counts[d].add(texture.row[first], length);
      single[d][texture.row[first]] -= length;
    }
  }
  for (size_t d = 0; d < offsets.size(); ++d)
    for (int64_t row = 1; row < texture.rows(); ++row) counts[d].add(row, 1, single[d][row]);
  return counts;
}

namespace {

Values compute_glrlm(const Input& input, Aggregations wanted) {
  const Texture& texture = input.texture;
  return aggregate(
      texture, wanted, kGlrlmFeatures.size(),
      [&](Range range, bool planar) { return runs(texture, range, planar); },
      [&](Counts& counts) { return size_features(counts, texture); });
}

}  // namespace

const Family& glrlm() {
  static const Family family{
      {FeatureFamily::glrlm, "TP0I", kGlrlmFeatures}, Family::Kind::directional, true, 0, compute_glrlm};
  return family;
}

}  // namespace photo51::radiomics

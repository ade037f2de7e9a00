// Grey level run lengths (IBSI 3.7, Galloway 1975 doi:10.1016/S0146-664X(75)80008-6).
#include <array>

#include "radiomics/aggregate.hpp"
#include "radiomics/size_features.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 16> kFeatures{{
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

/// Runs along `offset`. `length` is scratch of the texture's size: how long the run up to a voxel is.
Counts runs(const Texture& texture, Range range, int64_t offset, std::vector<int32_t>& length) {
  const auto& size = texture.grid.size;
  Counts counts(texture.rows(), 1 + *std::max_element(size.begin(), size.end()), range.size());
  counts.voxels = range.size();
  const int32_t* row = texture.row.data();
  for (size_t k = range.begin; k < range.end; ++k) {
    const int64_t i = texture.voxels[k];
    length[i] = 1 + (row[i - offset] == row[i] ? length[i - offset] : 0);
    if (row[i + offset] != row[i]) counts.add(row[i], length[i]);
  }
  return counts;
}

Values compute(const Input& input, Aggregations wanted) {
  const Texture& texture = input.texture;
  std::vector<int32_t> length(texture.row.size(), 0);
  return aggregate(
      texture, wanted, kFeatures.size(),
      [&](Range range, bool planar) {
        std::vector<Counts> counts;
        for (const int64_t offset : directions(texture.grid, planar))
          counts.push_back(runs(texture, range, offset, length));
        return counts;
      },
      [&](Counts& counts) { return size_features(counts, texture); });
}

}  // namespace

const Family& glrlm() {
  static const Family family{{"glrlm", "TP0I", kFeatures}, Family::Kind::directional, true, 0, compute};
  return family;
}

}  // namespace photo51::radiomics

#pragma once
/// Maps of features: at each voxel of the region, the features of the cube around it, as the voxel-based
/// extraction of PyRadiomics defines them (van Griethuysen 2017, doi:10.1158/0008-5472.CAN-17-0339).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/radiomics/settings.hpp"

namespace photo51::radiomics {

enum class MappedFamily { firstorder, glcm, gldm, glrlm, glszm, ngtdm };
/// As configs write them, and PyRadiomics.
std::span<const std::string_view> enum_names(MappedFamily);

struct VoxelwiseOptions {
  int64_t radius = 1;  ///< the cube has 2 radius + 1 voxels an edge
  bool masked = true;  ///< only voxels of the region count; else all of the image, whose levels it then has
  std::vector<MappedFamily> families{};  ///< empty = all
  std::optional<double> outside{};       ///< value of a map outside the region; absent = NaN
};
void describe(config::Fields& f, VoxelwiseOptions& o);

struct FeatureMap {
  std::string name;  ///< PyRadiomics's: original_glcm_Contrast
  imaging::Volume map;
};

/// Maps [1, D, H, W], float32, on the grid of the image as `settings` resample it, cut to the region's
/// surroundings; `outside` outside the region, NaN where a cube does not define the feature. Levels are those
/// of `settings.discretise`. In the profile `pyradiomics` all its settings hold as in `extract`: its bins,
/// its label, what it asks of the region, normalisation and resegmentation, and what each family reads.
/// Errors as of `extract`, and usage, naming the key: settings that maps do not read (resampledPixelSpacing
/// and image types there; families, filters, distances, coarseness and aggregation in the other profiles).
std::vector<FeatureMap> voxelwise(const imaging::Volume& image, const imaging::Volume& mask,
                                  const Settings& settings, const VoxelwiseOptions& options,
                                  core::ThreadPool* pool = nullptr);

}  // namespace photo51::radiomics

#pragma once
/// How features are computed: the steps of the Image Biomarker Standardisation Initiative (IBSI) reference
/// manual, arXiv:1612.07003, in its order.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/radiomics/pyradiomics/pyradiomics.hpp"

namespace photo51::radiomics {

/// fixed_width (FBS), fixed_count (FBN), none: intensities are levels.
enum class DiscretiseMethod { fixed_width, fixed_count, none };
/// cubic: by the B-spline through the voxels.
enum class Interpolation { nearest, linear, cubic };
/// Of directions and slices (IBSI 3.6): matrices of a slice, features averaged over slices; matrices of all
/// slices added; matrices of space. Averaged over directions, or their matrices merged.
enum class TextureAggregation { average_2d, merged_2d, average_2_5d, merged_2_5d, average_3d, merged_3d };
/// In the order of the output.
enum class FeatureFamily {
  diagnostic,
  morphology,
  local_intensity,
  statistics,
  intensity_histogram,
  intensity_volume_histogram,
  glcm,
  glrlm,
  glszm,
  gldzm,
  ngtdm,
  ngldm
};
/// As configs write them.
std::span<const std::string_view> enum_names(DiscretiseMethod);
std::span<const std::string_view> enum_names(Interpolation);
std::span<const std::string_view> enum_names(TextureAggregation);
std::span<const std::string_view> enum_names(FeatureFamily);

/// Intensities become levels 1, 2, … (IBSI 2.7).
struct Discretisation {
  DiscretiseMethod method = DiscretiseMethod::fixed_width;
  double width = 25;   ///< fixed_width, in the image's units
  int64_t count = 32;  ///< fixed_count
  /// fixed_width: where level 1 starts; absent = the lower end of `range`, else the region's minimum.
  std::optional<double> start{};
};
void describe(config::Fields& f, Discretisation& o);

/// All fields are in the image's own units and in mm. Read from a config, those left out are the profile's.
struct Settings {
  std::string profile = "ibsi";
  // image and mask
  std::vector<double> spacing;                         ///< x, y, z mm; 0 keeps an axis; empty = no resampling
  Interpolation interpolation = Interpolation::cubic;  ///< of the image
  Interpolation mask_interpolation = Interpolation::linear;  ///< a voxel is inside from a half on
  bool round = false;  ///< intensities to whole numbers after resampling, as HU ask for
  // resegmentation: the intensity mask keeps …
  std::vector<double> range;  ///< … intensities in [low, high]; nan = no bound
  double outliers = 0;        ///< … those within this many deviations of the mean; 0 = all
  // levels
  Discretisation discretise;
  Discretisation ivh{.method = DiscretiseMethod::none};  ///< of the intensity-volume histogram
  // texture
  /// A family that knows no directions (zones, dependences) is computed once for 2d, 2.5d and 3d.
  std::vector<TextureAggregation> aggregation{TextureAggregation::merged_3d};
  int64_t distance = 1;                 ///< Chebyshev, of co-occurrence, NGTDM and NGLDM, voxels
  int64_t coarseness = 0;               ///< alpha of NGLDM, levels
  std::vector<FeatureFamily> families;  ///< empty = all but `diagnostic`
  // filters (IBSI-2, filter.hpp)
  /// Features are computed of the response map of each as well, but those of form.
  std::vector<config::Choice> filters;
  bool unfiltered = true;  ///< features of the image itself
  Discretisation filtered{
      .method = DiscretiseMethod::fixed_count};  ///< of response maps, whose units are the filter's own
  /// Of the profile `pyradiomics`, which reads these and nothing else.
  Pyradiomics pyradiomics;
};
void describe(config::Fields& f, Settings& o);

/// `pyradiomics`, `ibsi_digital`, `ibsi_ct_a` … `ibsi_ct_e`, `ibsi`.
std::vector<std::string> profile_names();
/// Error (usage) with the nearest name.
Settings profile(const std::string& name);

}  // namespace photo51::radiomics

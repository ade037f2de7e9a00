#pragma once
/// The settings of the profile `pyradiomics`, by the names they have there
/// (https://pyradiomics.readthedocs.io/en/v3.0.1/customization.html).

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/config/node.hpp"
#include "photo51/radiomics/pyradiomics/image_types.hpp"

namespace photo51::radiomics {

/// SimpleITK's names: `sitkNearestNeighbor`, `sitkLinear`, `sitkBSpline`.
enum class SitkInterpolator { nearest_neighbor, linear, bspline };
/// Thresholds in absolute numbers, as parts of the region's maximum, in standard deviations from its mean.
enum class ResegmentMode { absolute, relative, sigma };
/// none: features are averaged over directions; the others add the directions' matrices, weighted by the
/// length of their steps.
enum class WeightingNorm { none, no_weighting, manhattan, euclidean, infinity };
/// As configs write them.
std::span<const std::string_view> enum_names(SitkInterpolator);
std::span<const std::string_view> enum_names(ResegmentMode);
std::span<const std::string_view> enum_names(WeightingNorm);

struct Pyradiomics {
  /// featureClass: classes (`glcm`) and single features (`glcm_Contrast`); empty = all classes but shape2D.
  std::vector<std::string> feature_class{};
  ImageTypes image_type{};         ///< imageType: the images that features are of, but shape
  std::optional<int64_t> label{};  ///< of the mask's voxels that are the region; absent = 1
  // the region must have
  int64_t minimum_dimensions = 2;         ///< minimumROIDimensions
  std::optional<int64_t> minimum_size{};  ///< minimumROISize: more voxels than this
  // image
  bool normalize = false;                   ///< of the whole image, to mean 0 and deviation 1 …
  double normalize_scale = 1;               ///< … times normalizeScale
  std::optional<double> remove_outliers{};  ///< removeOutliers: deviations that the rest is clipped to
  std::vector<double> resampled_spacing{};  ///< resampledPixelSpacing: x, y, z mm; 0 keeps an axis
  SitkInterpolator interpolator = SitkInterpolator::bspline;
  int64_t pad_distance = 5;  ///< padDistance: new voxels around the region
  bool pre_crop = false;     ///< preCrop: without resampling too, filters see only these around it
  // resegmentation
  std::vector<double> resegment_range{};                   ///< resegmentRange: one lower threshold, or two
  ResegmentMode resegment_mode = ResegmentMode::absolute;  ///< resegmentMode
  bool resegment_shape = false;                            ///< resegmentShape
  // levels
  double bin_width = 25;               ///< binWidth
  std::optional<int64_t> bin_count{};  ///< binCount, instead of binWidth
  // features
  double voxel_array_shift = 0;    ///< voxelArrayShift
  bool force_2d = false;           ///< force2D
  int64_t force_2d_dimension = 0;  ///< force2Ddimension: 0 z, 1 y, 2 x
  std::vector<int64_t> distances{1};
  WeightingNorm weighting_norm = WeightingNorm::none;  ///< weightingNorm
  bool symmetrical_glcm = true;                        ///< symmetricalGLCM
  int64_t gldm_a = 0;

  bool operator==(const Pyradiomics&) const = default;
};
void describe(config::Fields& f, Pyradiomics& o);

/// The classes of features there, in the order of the output.
std::vector<std::string> pyradiomics_classes();
/// The features of a class by PyRadiomics's names; with `deprecated` also those that it computes only when
/// they are named. Empty for another class.
std::vector<std::string> pyradiomics_features(const std::string& feature_class, bool deprecated = false);

/// Whether a document is a parameter file of PyRadiomics: it has `setting`, `voxelSetting`, `imageType` or
/// `featureClass` at the top.
bool is_parameter_file(const config::Node& document);
/// The same as a document of `Settings`, with the section `voxelwise` where the file has voxelSetting:
/// `setting` under the names of the profile, those of filters with their image types; features by class as
/// one list; nothing (`~`, no value) as PyRadiomics's default. `warnings` takes what has no effect here.
/// Errors (usage) with file:line: a key or feature that PyRadiomics 3.0.1 does not know, what it knows and
/// the profile does not compute.
config::Node from_parameter_file(const config::Node& document, std::vector<std::string>& warnings);
/// A file of settings, or a parameter file of PyRadiomics (YAML or JSON) as such. Error (usage): no such
/// file, what `config::load_document` and `from_parameter_file` refuse.
config::Node load_settings(const std::filesystem::path& path, std::vector<std::string>& warnings);

}  // namespace photo51::radiomics

#pragma once
/// The settings of the profile `pyradiomics`, by the names they have there
/// (https://pyradiomics.readthedocs.io/en/v3.0.1/customization.html).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/radiomics/pyradiomics_images.hpp"

namespace photo51::radiomics {

struct Pyradiomics {
  std::vector<std::string> feature_class{};  ///< featureClass; empty = all but shape2D
  ImageTypes image_type{};                   ///< imageType: the images that features are of, but shape
  std::optional<int64_t> label{};            ///< of the mask's voxels that are the region; absent = 1
  // the region must have
  int64_t minimum_dimensions = 2;         ///< minimumROIDimensions
  std::optional<int64_t> minimum_size{};  ///< minimumROISize: more voxels than this
  // image
  bool normalize = false;                   ///< of the whole image, to mean 0 and deviation 1 …
  double normalize_scale = 1;               ///< … times normalizeScale
  std::optional<double> remove_outliers{};  ///< removeOutliers: deviations that the rest is clipped to
  std::vector<double> resampled_spacing{};  ///< resampledPixelSpacing: x, y, z mm; 0 keeps an axis
  std::string interpolator = "sitkBSpline";
  int64_t pad_distance = 5;  ///< padDistance: new voxels around the region
  // resegmentation
  std::vector<double> resegment_range{};    ///< resegmentRange: one lower threshold, or two
  std::string resegment_mode = "absolute";  ///< resegmentMode
  bool resegment_shape = false;             ///< resegmentShape
  // levels
  double bin_width = 25;               ///< binWidth
  std::optional<int64_t> bin_count{};  ///< binCount, instead of binWidth
  // features
  double voxel_array_shift = 0;    ///< voxelArrayShift
  bool force_2d = false;           ///< force2D
  int64_t force_2d_dimension = 0;  ///< force2Ddimension: 0 z, 1 y, 2 x
  std::vector<int64_t> distances{1};
  std::string weighting_norm = "none";  ///< weightingNorm; none: features are averaged over directions
  bool symmetrical_glcm = true;         ///< symmetricalGLCM
  int64_t gldm_a = 0;

  bool operator==(const Pyradiomics&) const = default;
};
void describe(config::Fields& f, Pyradiomics& o);

}  // namespace photo51::radiomics

#pragma once
/// The profile `pyradiomics`: what its files share. Its steps and definitions are those of PyRadiomics 3.0.1
/// (van Griethuysen 2017, doi:10.1158/0008-5472.CAN-17-0339).

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/pyradiomics/pyradiomics.hpp"
#include "radiomics/filters/patch.hpp"
#include "radiomics/ibsi/texture.hpp"
#include "radiomics/region/region.hpp"
#include "radiomics/shape/points.hpp"

namespace photo51::radiomics::pyradiomics {

/// Name and value, in the order of the output.
using Values = std::vector<std::pair<std::string, double>>;

/// What `featureClass` asks for.
class Selection {
 public:
  explicit Selection(const Pyradiomics& settings);
  bool has_class(const std::string& name) const;  ///< all of it or a part
  bool has_feature(const std::string& feature_class, const std::string& feature) const;

 private:
  bool has(const std::string& name) const;
  std::vector<std::string> listed_;
};

struct Prepared {
  /// In the box around it: `mask` after resegmentation, `shape` before, unless `resegmentShape`, and cut off
  /// at the box.
  Region region;
  /// What image types are made of: all of the image, or of what is resampled of it. Only where there are any
  /// but Original.
  Patch image;
  Window window;        ///< of the region in `image`
  Place first{};        ///< where the region begins in the volume, unless it is resampled
  bool single = false;  ///< intensities are float32: numpy makes the edges of levels in single precision
  bool whole = false;   ///< intensities are stored as whole numbers
};
/// `around`: without other image types, `image` too, so many voxels around the region. Errors (data): of
/// `extract`, a region too small for the settings, no voxel with the label.
Prepared prepare(const imaging::Volume& image, const imaging::Volume& mask, const Pyradiomics& settings,
                 int64_t around = 0);

/// Levels from 1 with edges at multiples of binWidth, or binCount of them, each where numpy puts it for
/// float64 or, with `single`, for float32 intensities. Error (data): more than a million levels.
Levels discretise(const Region& region, const Pyradiomics& settings, bool single);
/// The settings with the grey levels of an image type.
Pyradiomics with(const ImageTypeLevels& levels, const Pyradiomics& settings);

Values shape(const Region& region);
/// Of the one slice that the region has across `force2Ddimension`. Error (data): more slices than one.
Values shape_2d(const Region& region, const Pyradiomics& settings);
/// By one of the names glcm, gldm, glrlm, glszm, ngtdm. `texture` reaches as far as the largest of the
/// distances.
Values texture_features(const std::string& name, const Texture& texture, const Pyradiomics& settings);
/// Of the features of co-occurrence, in the order of PyRadiomics.
inline constexpr std::array<const char*, 24> kGlcmNames{"Autocorrelation",
                                                        "ClusterProminence",
                                                        "ClusterShade",
                                                        "ClusterTendency",
                                                        "Contrast",
                                                        "Correlation",
                                                        "DifferenceAverage",
                                                        "DifferenceEntropy",
                                                        "DifferenceVariance",
                                                        "Id",
                                                        "Idm",
                                                        "Idmn",
                                                        "Idn",
                                                        "Imc1",
                                                        "Imc2",
                                                        "InverseVariance",
                                                        "JointAverage",
                                                        "JointEnergy",
                                                        "JointEntropy",
                                                        "MCC",
                                                        "MaximumProbability",
                                                        "SumAverage",
                                                        "SumEntropy",
                                                        "SumSquares"};
Values glcm(const Texture& texture, const Pyradiomics& settings);
Values glrlm(const Texture& texture, const Pyradiomics& settings);

/// A step to a neighbour, and how `weightingNorm` weighs it.
struct Step {
  Place offset;
  double length = 0;  ///< mm by the norm; 1 for no_weighting
};
/// One of each two opposite steps.
std::vector<Step> steps(const Grid& grid, const std::vector<int64_t>& distances, const Pyradiomics& settings);

/// Of the usual statistics of first order, sorted.
inline constexpr std::array<const char*, 18> kFirstOrderNames{"10Percentile",
                                                              "90Percentile",
                                                              "Energy",
                                                              "Entropy",
                                                              "InterquartileRange",
                                                              "Kurtosis",
                                                              "Maximum",
                                                              "Mean",
                                                              "MeanAbsoluteDeviation",
                                                              "Median",
                                                              "Minimum",
                                                              "Range",
                                                              "RobustMeanAbsoluteDeviation",
                                                              "RootMeanSquared",
                                                              "Skewness",
                                                              "TotalEnergy",
                                                              "Uniformity",
                                                              "Variance"};
Values first_order(const Region& region, const Levels& levels, const Pyradiomics& settings);

}  // namespace photo51::radiomics::pyradiomics

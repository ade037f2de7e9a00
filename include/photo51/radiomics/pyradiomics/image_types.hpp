#pragma once
/// The image types of the profile `pyradiomics`, spelled as in the `imageType:` block of a parameter file of
/// PyRadiomics:
///
///   imageType: {Original: {}, LoG: {sigma: [1, 3], binWidth: 10}, Wavelet: {wavelet: haar}, Gradient: {}}

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::radiomics {

/// Grey levels of one image type, instead of those of the profile.
struct ImageTypeLevels {
  std::optional<double> bin_width{};   ///< binWidth, of the type's own intensities
  std::optional<int64_t> bin_count{};  ///< binCount

  bool operator==(const ImageTypeLevels&) const = default;
};
void describe(config::Fields& f, ImageTypeLevels& o);

struct LogImages : ImageTypeLevels {
  std::vector<double> sigma{};  ///< mm; an image each

  bool operator==(const LogImages&) const = default;
};
void describe(config::Fields& f, LogImages& o);

struct WaveletImages : ImageTypeLevels {
  std::string wavelet = "coif1";
  int64_t level = 1;        ///< of decomposition, each with its own images
  int64_t start_level = 0;  ///< levels that come first and have none

  bool operator==(const WaveletImages&) const = default;
};
void describe(config::Fields& f, WaveletImages& o);

struct GradientImage : ImageTypeLevels {
  bool use_spacing = true;  ///< gradientUseSpacing: a mm, not a voxel

  bool operator==(const GradientImage&) const = default;
};
void describe(config::Fields& f, GradientImage& o);

/// bits (`default`): the points as bits; ror: the same, turned to the least number; uniform: how many points
/// are not lower than the voxel.
enum class LbpMethod { bits, ror, uniform };
std::span<const std::string_view> enum_names(LbpMethod);

/// Local binary patterns of slices (Ojala 2002, doi:10.1109/TPAMI.2002.1017623).
struct LbpImage : ImageTypeLevels {
  double radius = 1;                      ///< lbp2DRadius, voxels
  int64_t samples = 8;                    ///< lbp2DSamples: points on the circle
  LbpMethod method = LbpMethod::uniform;  ///< lbp2DMethod

  bool operator==(const LbpImage&) const = default;
};
void describe(config::Fields& f, LbpImage& o);

/// The same on spheres, by spherical harmonics (Banerjee 2013, doi:10.1007/978-3-642-37410-4_3).
struct SphericalLbpImages : ImageTypeLevels {
  int64_t levels = 2;       ///< lbp3DLevels: degrees, an image each
  double radius = 1;        ///< lbp3DIcosphereRadius, voxels
  int64_t subdivision = 1;  ///< lbp3DIcosphereSubdivision: of the icosahedron whose corners are the points

  bool operator==(const SphericalLbpImages&) const = default;
};
void describe(config::Fields& f, SphericalLbpImages& o);

/// None at all means Original alone.
struct ImageTypes {
  std::optional<ImageTypeLevels> original{};
  std::optional<LogImages> log{};
  std::optional<WaveletImages> wavelet{};
  std::optional<ImageTypeLevels> square{}, square_root{}, logarithm{}, exponential{};
  std::optional<GradientImage> gradient{};
  std::optional<LbpImage> lbp_2d{};
  std::optional<SphericalLbpImages> lbp_3d{};

  /// Whether there is any but Original.
  bool derived() const {
    return log || wavelet || square || square_root || logarithm || exponential || gradient || lbp_2d ||
           lbp_3d;
  }
  bool operator==(const ImageTypes&) const = default;
};
void describe(config::Fields& f, ImageTypes& o);

}  // namespace photo51::radiomics

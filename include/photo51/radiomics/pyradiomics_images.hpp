#pragma once
/// The image types of the profile `pyradiomics`, spelled as in the `imageType:` block of a parameter file of
/// PyRadiomics:
///
///   imageType: {Original: {}, LoG: {sigma: [1, 3], binWidth: 10}, Wavelet: {wavelet: haar}, Gradient: {}}

#include <cstdint>
#include <optional>
#include <string>
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

/// None at all means Original alone.
struct ImageTypes {
  std::optional<ImageTypeLevels> original{};
  std::optional<LogImages> log{};
  std::optional<WaveletImages> wavelet{};
  std::optional<ImageTypeLevels> square{}, square_root{}, logarithm{}, exponential{};
  std::optional<GradientImage> gradient{};
  std::optional<config::NoOptions> lbp_2d{}, lbp_3d{};  ///< refused: not computed here

  /// Whether there is any but Original.
  bool derived() const {
    return log || wavelet || square || square_root || logarithm || exponential || gradient;
  }
  bool operator==(const ImageTypes& o) const {
    return original == o.original && log == o.log && wavelet == o.wavelet && square == o.square &&
           square_root == o.square_root && logarithm == o.logarithm && exponential == o.exponential &&
           gradient == o.gradient;
  }
};
void describe(config::Fields& f, ImageTypes& o);

}  // namespace photo51::radiomics

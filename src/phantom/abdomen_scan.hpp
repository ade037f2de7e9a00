#pragma once
/// CT of the abdomen, and what a matched filter makes of its lesions.

#include "phantom/abdomen.hpp"
#include "phantom/scanner.hpp"

namespace photo51::phantom {

struct AbdomenSite {
  Scanner ct;
  double noise;  ///< HU
};
/// In the order of kSites.
const std::array<AbdomenSite, 3>& abdomen_sites();

struct AbdomenScan {
  imaging::Volume ct;       ///< float32 HU
  imaging::Volume lesions;  ///< uint8, 0 or which lesion most of a voxel is of, from 1
  /// Of each lesion, the length of what it adds to the image, over the noise: the mean of the matched filter
  /// in standard deviations, where it looks at the lesion.
  std::vector<double> distinctness;
};
/// The share that a lesion has of a voxel's 4 x 4 x 4 parts.
double share_of(const Lesion& lesion, const imaging::Geometry& grid, const Point& index);
/// `site` is one of kSites.
AbdomenScan scan_abdomen(const Abdomen& abdomen, size_t site, int64_t patient, int64_t seed);

/// Probability that the filter exceeds, at the lesion, the threshold beyond which it says `false_positives`
/// an image, expected: Phi(distinctness - Phi^-1(1 - false_positives / places)). `places` is how many of its
/// kind lie side by side in the liver. 1 where there are no more places than false positives.
double filter_sensitivity(double distinctness, double places, double false_positives);
/// By the volume of the liver and of a lesion's ball.
double places_of(const Abdomen& abdomen, const Lesion& lesion);

}  // namespace photo51::phantom

#pragma once
/// The groups of lesion descriptors, one file each. Every `*_descriptors` yields values in the order of its
/// `*_names`.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "radiomics/region/voxels.hpp"

namespace photo51::radiomics {

struct Lesion {
  Grid grid;
  Mask mask;
  std::vector<std::array<int64_t, 3>> voxels;  ///< z, y, x, in the order of the array; never empty
};

/// The head around a lesion.
struct Head {
  Mask mask;                   ///< filled, lesion included
  std::vector<double> depth;   ///< mm to the head's surface
  double width = 0;            ///< mm, left to right
  double top = 0, bottom = 0;  ///< slice positions
  int64_t count = 0;           ///< voxels
};

/// Head = voxels above a fifth of the 90th percentile of the positive ones, largest piece, filled.
Head find_head(const std::vector<double>& image, const Lesion& lesion);

const std::vector<std::string>& location_names();
std::vector<double> location_descriptors(const Lesion& lesion, const Head& head);

const std::vector<std::string>& shape_names();
/// `head_count` 0: the share of the head is NaN.
std::vector<double> shape_descriptors(const Lesion& lesion, int64_t head_count);

/// Regions whose intensities are compared; the same for all channels.
struct LesionRegions {
  std::vector<int64_t> brain;  ///< reference: deep in the head, near the lesion's slices, 6 mm off the lesion
  std::vector<int64_t> ring;   ///< up to 6 mm around the lesion
  std::vector<int64_t> rim, core;     ///< outer and inner lesion
  std::vector<int64_t> edge, inside;  ///< within 1.9 mm or one voxel of the outline, and deeper in the lesion
};
LesionRegions find_regions(const Lesion& lesion, const Head& head);

const std::vector<std::string>& intensity_names();
struct Intensity {
  std::vector<double> values;  ///< descriptors; all NaN when the reference is too small
  double brain = 0;            ///< the reference's mean; NaN likewise
};
Intensity intensity_descriptors(const std::vector<double>& image, const Lesion& lesion,
                                const LesionRegions& regions);

/// In the image's own units; see Reference::none.
const std::vector<std::string>& unit_names();
std::vector<double> unit_descriptors(const std::vector<double>& image, const Lesion& lesion);

const std::vector<std::string>& enhancement_names();
/// Of post/post_brain - pre/pre_brain over the lesion.
std::vector<double> enhancement_descriptors(const std::vector<double>& pre, double pre_brain,
                                            const std::vector<double>& post, double post_brain,
                                            const Lesion& lesion);

}  // namespace photo51::radiomics

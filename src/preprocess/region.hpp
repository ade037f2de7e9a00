#pragma once
/// The voxels of one channel that statistics are taken from. Internal to the room.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "photo51/preprocess/intensity/normalize.hpp"

namespace photo51::preprocess {

struct Region {
  const float* values = nullptr;
  int64_t count = 0;
  float floor = -std::numeric_limits<float>::infinity();    ///< voxels above this
  float padding = std::numeric_limits<float>::quiet_NaN();  ///< voxels of this value are no part; NaN = none
  const uint8_t* mask = nullptr;                            ///< null: intensities alone decide
  std::string words;    ///< what was taken, for people: "the voxels above 0"
  std::string warning;  ///< what is odd about it; empty = nothing

  /// Whether a voxel has an intensity of the region; NaN (outside the scan) never has.
  bool lies(float v) const { return v > floor && v != padding; }
  bool has(int64_t i) const { return lies(values[i]) && (mask == nullptr || mask[i] != 0); }
};

/// The region that the options name, and for `auto` the one that the intensities speak for: voxels above
/// `foreground_threshold` of an image without negative values, or when a threshold is given; else, where at
/// least a twentieth of the image is exactly 0, all voxels that are not 0 (an image that was normalised
/// within a mask); else all. In Hounsfield units negative values are no reason to warn. Error (data): region
/// mask without a mask.
Region region_of(const at::Tensor& channel, const at::Tensor& mask, const NormalizeOptions& options,
                 const std::optional<Intensities>& whole);

/// Sum of term(v) over the region: in float over short runs of lanes and in double over the runs, which is
/// fast and exact enough for any volume.
template <class Term>
double sum(const Region& region, Term term) {
  constexpr int64_t lanes = 16, run = 64 * lanes;
  double total = 0;
  int64_t i = 0;
  while (i + lanes <= region.count) {
    const int64_t end = i + run < region.count ? i + run : region.count;
    float part[lanes] = {};
    for (; i + lanes <= end; i += lanes) {
      const float* v = region.values + i;
      if (region.mask == nullptr) {
        for (int64_t l = 0; l < lanes; ++l) part[l] += region.lies(v[l]) ? term(v[l]) : 0.0F;
      } else {
        for (int64_t l = 0; l < lanes; ++l) part[l] += region.has(i + l) ? term(v[l]) : 0.0F;
      }
    }
    for (const float p : part) total += static_cast<double>(p);
  }
  for (; i < region.count; ++i)
    if (region.has(i)) total += static_cast<double>(term(region.values[i]));
  return total;
}

}  // namespace photo51::preprocess

#include "preprocess/region.hpp"

#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::preprocess {
namespace {

/// Whether negative values are more than the ringing of an interpolation: a twentieth of all magnitude.
bool holds_negatives(const Region& all) {
  const double magnitude = sum(all, [](float v) { return std::abs(v); });
  const double negative = sum(all, [](float v) { return v < 0 ? -v : 0.0F; });
  return negative > 0.05 * magnitude;
}

double share_of_zeros(const Region& all) {
  const double count = sum(all, [](float) { return 1.0F; });
  return count > 0 ? sum(all, [](float v) { return v == 0 ? 1.0F : 0.0F; }) / count : 0;
}

void take_foreground(Region& region, double threshold) {
  region.floor = static_cast<float>(threshold);
  region.words = "the voxels above " + core::format_number(threshold);
}

}  // namespace

Region region_of(const at::Tensor& channel, const at::Tensor& mask, const NormalizeOptions& options,
                 bool negative_units) {
  Region region;
  region.values = channel.const_data_ptr<float>();
  region.count = channel.numel();
  region.words = "all voxels";
  if (options.region == "all") return region;
  if (options.region == "mask") {
    if (!mask.defined())
      core::fail_data("normalize region is mask, but there is no mask; give one or set region: foreground");
    region.mask = mask.const_data_ptr<uint8_t>();
    region.words = "the voxels of the mask";
    return region;
  }
  const double threshold = options.foreground_threshold;
  const bool negatives = threshold == 0 && holds_negatives(region);
  if (options.region == "foreground" || !negatives) {
    if (negatives && !negative_units)
      region.warning =
          "holds negative intensities, as an image that is normalised already does; region foreground sets "
          "all voxels that are not above 0 to 0: set normalize.region to auto or all, or give the image as "
          "it was scanned";
    take_foreground(region, threshold);
    return region;
  }
  if (share_of_zeros(region) >= 0.05) {
    region.padding = 0;
    region.words = "the voxels that are not 0";
  }
  if (!negative_units)
    region.warning =
        "holds negative intensities, as an image that is normalised already does; statistics are taken "
        "from " +
        region.words + ", not from those above 0; normalize.region says which ones it should be";
  return region;
}

}  // namespace photo51::preprocess

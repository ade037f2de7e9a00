#include "preprocess/region.hpp"

#include <ATen/ops/min.h>

#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::preprocess {
namespace {

void take_foreground(Region& region, double threshold) {
  region.floor = static_cast<float>(threshold);
  region.words = "the voxels above " + core::format_number(threshold);
}

}  // namespace

Intensities intensities_of(const at::Tensor& voxels) {
  const bool whole_numbers = !voxels.is_floating_point();
  if (whole_numbers && !(voxels.min().item<double>() < 0)) return {};
  const at::Tensor values = voxels.to(at::kFloat).contiguous();
  Region all;
  all.values = values.const_data_ptr<float>();
  all.count = values.numel();
  const double magnitude = sum(all, [](float v) { return std::abs(v); });
  const double negative = sum(all, [](float v) { return v < 0 ? -v : 0.0F; });
  if (!(negative > 0.05 * magnitude)) return {};
  const double count = sum(all, [](float) { return 1.0F; });
  const double zeros = sum(all, [](float v) { return v == 0 ? 1.0F : 0.0F; });
  return {.negative = true, .padded = zeros >= 0.05 * count};
}

Region region_of(const at::Tensor& channel, const at::Tensor& mask, const NormalizeOptions& options,
                 const std::optional<Intensities>& whole) {
  Region region;
  region.values = channel.const_data_ptr<float>();
  region.count = channel.numel();
  region.words = "all voxels";
  if (options.region == NormalizeRegion::all) return region;
  if (options.region == NormalizeRegion::mask) {
    if (!mask.defined())
      core::fail_data("normalize region is mask, but there is no mask; give one or set region: foreground");
    region.mask = mask.const_data_ptr<uint8_t>();
    region.words = "the voxels of the mask";
    return region;
  }
  const double threshold = options.foreground_threshold;
  Intensities says;
  if (threshold == 0) says = whole ? *whole : intensities_of(channel);
  if (options.region == NormalizeRegion::foreground || !says.negative) {
    if (says.negative && !says.hounsfield)
      region.warning =
          "holds negative intensities, as an image that is normalised already does; region foreground sets "
          "all voxels that are not above 0 to 0: set normalize.region to auto or all, or give the image as "
          "it was scanned";
    take_foreground(region, threshold);
    return region;
  }
  if (says.padded) {
    region.padding = 0;
    region.words = "the voxels that are not 0";
  }
  if (!says.hounsfield)
    region.warning =
        "holds negative intensities, as an image that is normalised already does; statistics are taken "
        "from " +
        region.words + ", not from those above 0; normalize.region says which ones it should be";
  return region;
}

}  // namespace photo51::preprocess

#include "data/images/color_channels.hpp"

#include <ATen/ATen.h>

#include "photo51/core/error.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

/// Luma of ITU-R BT.601, what a gray copy of a color picture holds.
at::Tensor gray_of(const at::Tensor& rgb) {
  const at::Tensor planes = rgb.to(at::kFloat);
  return planes.narrow(0, 0, 1) * 0.299 + planes.narrow(0, 1, 1) * 0.587 + planes.narrow(0, 2, 1) * 0.114;
}

}  // namespace

std::vector<Volume> planes_of(Volume volume, ColorMode color, const std::vector<std::string>& named) {
  const int64_t found = volume.channel_count();
  const auto wanted = static_cast<int64_t>(named.size());
  const bool splits_doppler = color == ColorMode::single && wanted > 1;
  if (color == ColorMode::single && !splits_doppler) {
    if (found == 3 && volume.channels == std::vector<std::string>{"red", "green", "blue"})
      core::fail_data(volume.source +
                      ": is a color picture and the input takes one channel a file; set the input's color "
                      "to gray or rgb");
    return {std::move(volume)};
  }
  if (!splits_doppler && found != 1 && found != 3)
    core::fail_data(volume.source + ": has " + std::to_string(found) +
                    " channels and is no gray or color picture; convert it, or set the input's color to "
                    "single");
  if (color == ColorMode::gray && found == 3) volume.data = gray_of(volume.data);
  volume.channels.clear();
  std::vector<Volume> planes;
  for (int64_t i = 0; i < wanted; ++i) {
    planes.push_back(volume);
    planes.back().data = volume.data.narrow(0, std::min(i, volume.data.size(0) - 1), 1);
  }
  return planes;
}

}  // namespace photo51::data

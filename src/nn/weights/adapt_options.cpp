#include "photo51/nn/weights/adapt_options.hpp"

#include <array>

namespace photo51::nn {

std::span<const std::string_view> enum_names(Inflate) {
  static constexpr std::array<std::string_view, 3> names{"none", "repeat", "center"};
  return names;
}
std::span<const std::string_view> enum_names(AdaptChannels) {
  static constexpr std::array<std::string_view, 3> names{"none", "repeat", "mean"};
  return names;
}
std::span<const std::string_view> enum_names(AdaptPositions) {
  static constexpr std::array<std::string_view, 2> names{"none", "interpolate"};
  return names;
}

void describe(config::Fields& f, AdaptOptions& o) {
  f("inflate", o.inflate,
    "2D kernels in a 3D network: repeat = in each plane, divided by their number; center = in the middle "
    "one");
  f("channels", o.channels,
    "the first convolution for other channels, keeping their sum: repeat = over and over (timm's way), mean");
  f("positions", o.positions, "positions of another grid or window: interpolate");
}

}  // namespace photo51::nn

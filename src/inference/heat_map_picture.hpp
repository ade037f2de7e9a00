#pragma once
/// The picture of a heat map.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

namespace photo51::inference {

/// Blue for 0, yellow for a half, red for 1: Brewer's RdYlBu, backwards, linear between its five colors.
std::array<uint8_t, 3> heat_color(double share);

struct HeatTile {
  double x = 0, y = 0, width = 0, height = 0;  ///< pixels of the slide's finest level
  double share = 0;                            ///< 0 to 1, its color
};
/// A slide's thumbnail, uint8 [3, H, W], under the colors of its tiles, uint8 [H, W, 3]. `step`: pixels of
/// the finest level along one of the picture, x and y. A pixel whose centre lies in tiles is half the slide's
/// gray (0.299 R + 0.587 G + 0.114 B), so that stains do not tint it, half the color of the tiles' mean
/// share; each tile covers one pixel at least.
at::Tensor over_slide(const at::Tensor& thumbnail, std::array<double, 2> step,
                      const std::vector<HeatTile>& tiles);
/// The same picture with the legend below: colors from 0 to 100, the percentile of attention.
at::Tensor with_legend(const at::Tensor& picture);

}  // namespace photo51::inference

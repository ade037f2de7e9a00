#pragma once
/// How weights are changed that were made for another input than the network has.

#include <span>
#include <string_view>

#include "photo51/config/fields.hpp"

namespace photo51::nn {

/// 2D kernels in 3D (Carreira and Zisserman, Quo vadis, action recognition? CVPR 2017). repeat: the same in
/// each plane, divided by their number, so that an image that is constant along z gives what its slice gave.
/// center: the kernel in the middle plane, 0 in the others.
enum class Inflate { none, repeat, center };
/// The first convolution for another number n of channels than its m, so that equal channels give the sum
/// that they gave. repeat: the m over and over, times m / n, and one channel the sum, as timm has it. mean:
/// n times the mean, times m / n.
enum class AdaptChannels { none, repeat, mean };
/// Learned vectors of places for another grid, and relative positions for another window, by interpolation:
/// in 2D bicubic (of absolute positions with antialiasing, as timm has both), in 3D trilinear; a plane's are
/// repeated along z. What a network computes of its window (`relative_position_index` and the like) stays.
enum class AdaptPositions { none, interpolate };
std::span<const std::string_view> enum_names(Inflate);
std::span<const std::string_view> enum_names(AdaptChannels);
std::span<const std::string_view> enum_names(AdaptPositions);

struct AdaptOptions {
  Inflate inflate = Inflate::none;
  AdaptChannels channels = AdaptChannels::none;
  AdaptPositions positions = AdaptPositions::none;
};
void describe(config::Fields& f, AdaptOptions& o);

}  // namespace photo51::nn

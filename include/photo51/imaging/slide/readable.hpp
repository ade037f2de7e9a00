#pragma once
/// What can be read of a slide of which some places are damaged.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

#include "photo51/imaging/slide/slide.hpp"

namespace photo51::imaging {

/// The whole slide in pixels of `step` = (x, y) level 0 pixels into `picture`, uint8 [3, H, W], as
/// `read_scaled` does; places that cannot be read become white, ever smaller ones around what is damaged,
/// until 2,000 reads have failed. Where that is, bool [H, W]; undefined = nowhere. Error (data): nothing can
/// be read.
at::Tensor read_readable(const Slide& slide, std::array<double, 2> step, const at::Tensor& picture);
/// `thumbnail` of what can be read. Error (data): nothing can.
at::Tensor readable_thumbnail(const Slide& slide, int64_t longest_side);

}  // namespace photo51::imaging

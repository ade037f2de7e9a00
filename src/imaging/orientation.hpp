#pragma once
/// EXIF's and TIFF's Orientation (274): which way a stored picture has to be turned to stand upright.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace photo51::imaging {

/// The orientation, 1 to 8, of an EXIF block (a TIFF header and its first directory); 1 when it says nothing.
int exif_orientation(std::span<const uint8_t> block);
/// A picture [..., H, W] as viewers show it; its own tensor. 1 = as it is.
at::Tensor upright(const at::Tensor& picture, int orientation);

}  // namespace photo51::imaging

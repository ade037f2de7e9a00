#pragma once
/// Frames of ultrasound as planes of bytes, for the files that look at them.

#include "preprocess/mask2d/mask.hpp"

namespace photo51::preprocess {

/// Frames as uint8 [T, C, H, W], contiguous. Error (usage) for another shape or type.
at::Tensor checked_frames(const at::Tensor& frames);

/// The brightest of a pixel's channels.
BytePlane brightness(const at::Tensor& frame);
/// The brightest minus the darkest of a pixel's channels; 0 for gray.
BytePlane colorfulness(const at::Tensor& frame);

/// What a picture looks like where the machine drew nothing.
struct Background {
  bool found = false;  ///< false: no dark, flat area reaches the border; the picture is all echo
  uint8_t level = 0;
  uint8_t tolerance = 0;  ///< 0 for pictures that were never compressed
};
/// From the border's pixels. `exact`: the picture may be free of compression noise.
Background background_of(const BytePlane& bright, bool exact);

}  // namespace photo51::preprocess

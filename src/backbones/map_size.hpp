#pragma once
/// Maps [B, C, ...] brought to the size of others.

#include <ATen/core/Tensor.h>

namespace photo51::backbones {

/// `x` cut at the far ends along the axes on which it is longer than `like`, and with its last places
/// repeated along those on which it is shorter: what is left of doubling odd sizes.
at::Tensor cut_or_continued(const at::Tensor& x, const at::Tensor& like);
/// By linear interpolation between the middles of places (not of corners), to the size of `sizes`, one an
/// axis. `x` itself where it is of that size.
at::Tensor interpolated(const at::Tensor& x, at::IntArrayRef sizes);

}  // namespace photo51::backbones

#pragma once
/// The exact Euclidean distance transform.

#include <ATen/core/Tensor.h>

#include <span>

namespace photo51::ops {

/// Squared distance from the centre of each element to that of the nearest element of `objects` that is not
/// 0, in the unit of `spacing`; infinite where there is none. Exact but for rounding: lower envelopes of
/// parabolas, axis by axis (Felzenszwalb and Huttenlocher 2012, doi:10.4086/toc.2012.v008a019).
///
/// `objects` bool or uint8 [H, W] or [D, H, W] on the host, `spacing` above 0 and one an axis. `type` float64
/// or float32, in which distances are kept between the axes. Error (usage) for anything else.
at::Tensor squared_distance(const at::Tensor& objects, std::span<const double> spacing,
                            at::ScalarType type = at::kDouble);

}  // namespace photo51::ops

#pragma once
/// One pass over RGB pictures: intensity to optical density, a 3 x 3 map, and back.

#include <ATen/core/Tensor.h>

#include <array>

namespace photo51::preprocess {

using Matrix3 = std::array<double, 9>;  ///< row-major

/// Density of an intensity I in 0..255 is ln(light / max(I + add, floor)).
struct DensityScale {
  double light = 255, add = 0, floor = 255e-6;
};

/// [N, 3, P] of uint8 or float32 pictures [3, H, W] or [N, 3, H, W]. Error (usage) for anything else.
at::Tensor as_planes(const at::Tensor& pictures);

/// Densities, float32 [N, 3, P].
at::Tensor densities(const at::Tensor& planes, const DensityScale& scale);

/// light * exp(-(map * density + offset)) of every pixel; type and shape of `pictures`.
at::Tensor map_densities(const at::Tensor& pictures, const DensityScale& scale, const Matrix3& map,
                         const std::array<double, 3>& offset);

/// e^x to 2e-7 relative; a loop over it becomes vector instructions.
float fast_exp(float x);

}  // namespace photo51::preprocess

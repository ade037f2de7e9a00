#pragma once
/// Fixed sines and cosines of a token's place (Vaswani et al., Attention is all you need, NeurIPS 2017; on
/// grids as in He et al., Masked autoencoders, CVPR 2022, and MONAI).

#include <ATen/core/Tensor.h>

namespace photo51::nn {

/// [1, places, width], float32, of a grid H, W or D, H, W, x fastest: for each axis width / (2 dims) sines of
/// place / 10000^(k / (width / (2 dims))), then as many cosines. The axes follow in MONAI's order, which is
/// x, y in 2D and y, z, x in 3D. Error (usage): 2 dims does not divide the width.
at::Tensor sincos_position(at::IntArrayRef grid, int64_t width);

}  // namespace photo51::nn

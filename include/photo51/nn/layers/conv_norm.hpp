#pragma once
/// A convolution whose output goes to a norm and nowhere else, perhaps with a residual and an activation
/// behind it. Blocks that say so by this function predict with the norm folded into the convolution
/// (nn/inference/packed_layers.hpp); otherwise the two run one after the other.

#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/norm.hpp"

namespace photo51::nn {

/// norm(conv(x)) and what follows.
at::Tensor conv_norm(const Conv& conv, Norm& norm, const at::Tensor& x, const NormThen& then = {});

}  // namespace photo51::nn

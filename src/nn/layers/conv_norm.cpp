#include "photo51/nn/layers/conv_norm.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/inference/packed_layers.hpp"

namespace photo51::nn {
at::Tensor conv_norm(const Conv& conv, Norm& norm, const at::Tensor& x, const NormThen& then) {
  const bool only_relu = then.slope == 0 && !then.residual.defined();
  PackedLayers* packed = PackedLayers::in_use();
  at::Tensor y = packed == nullptr ? at::Tensor() : packed->convolve(conv, &norm, x, only_relu);
  if (!y.defined()) return norm.forward(conv.forward(x), then);
  if (then.residual.defined()) y.add_(then.residual);
  if (only_relu || then.slope == 1) return y;
  return then.slope == 0 ? y.relu_() : at::leaky_relu_(y, then.slope);
}

}  // namespace photo51::nn

#include "photo51/nn/layers/layer_norm.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::nn {

LayerNorm::LayerNorm(int64_t width, double epsilon) : epsilon_(epsilon) {
  weight = register_parameter("weight", make_tensor({width}, fill_ones));
  bias = register_parameter("bias", make_tensor({width}, fill_zeros));
}

at::Tensor LayerNorm::forward(const at::Tensor& x) const {
  const at::Tensor y = at::layer_norm(x, {weight.size(0)}, weight, bias, epsilon_);
  report(*this, x, y);
  return y;
}

at::Tensor ChannelLayerNorm::normalize(const at::Tensor& x) {
  return at::layer_norm(x.movedim(1, -1), {weight.size(0)}, weight, bias, epsilon_).movedim(-1, 1);
}

}  // namespace photo51::nn

#include "photo51/nn/layers/layer_scale.hpp"

#include <torch/nn/module.h>

#include <vector>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {

at::Tensor LayerScale::forward(const at::Tensor& x) const {
  std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), 1);
  sizes[static_cast<size_t>(channel_dim_ < 0 ? x.dim() + channel_dim_ : channel_dim_)] = values_.numel();
  const at::Tensor y = x * values_.view(sizes);
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn

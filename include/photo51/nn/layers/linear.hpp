#pragma once
/// y = x W^T + b. [..., in] -> [..., out], with torch.nn.Linear's names and initial values.

#include "photo51/nn/layers/adapted_layer.hpp"

namespace photo51::nn {

class Linear : public AdaptedLayer {
 public:
  Linear(int64_t in, int64_t out, bool with_bias = true);
  at::Tensor forward(const at::Tensor& x) const;
};

}  // namespace photo51::nn

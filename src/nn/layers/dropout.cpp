#include "photo51/nn/layers/dropout.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {

at::Tensor Dropout::forward(const at::Tensor& x) const {
  const at::Tensor y = at::dropout(x, probability_, is_training());
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn

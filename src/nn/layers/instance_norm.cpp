#include "photo51/nn/layers/instance_norm.hpp"

#include <torch/nn/module.h>

#include <algorithm>

namespace photo51::nn {

at::Tensor InstanceNorm::normalize(const at::Tensor& x) {
  const int64_t values = x.numel() / std::max<int64_t>(x.size(1), 1);
  if (values == x.size(0)) return x;
  return at::instance_norm(x, weight, bias, {}, {}, true, 0.1, epsilon_, true);
}

}  // namespace photo51::nn

#include "photo51/nn/layers/instance_norm.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/ops/norm_act.hpp"

namespace photo51::nn {

at::Tensor InstanceNorm::normalize(const at::Tensor& x) {
  const int64_t values = x.numel() / std::max<int64_t>(x.size(1), 1);
  if (values == x.size(0)) return x;
  return at::instance_norm(x, weight, bias, {}, {}, true, 0.1, epsilon_, true);
}

at::Tensor InstanceNorm::fused(const at::Tensor& x, const NormThen& then) {
  if (x.numel() == x.size(0) * x.size(1)) return {};
  return ops::norm_act({.x = x, .weight = weight, .bias = bias, .residual = then.residual},
                       {.per_case = true, .epsilon = epsilon_, .slope = then.slope})
      .y;
}

}  // namespace photo51::nn

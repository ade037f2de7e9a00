#include "photo51/nn/layers/batch_norm.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/nn/init.hpp"

namespace photo51::nn {

BatchNorm::BatchNorm(int64_t channels, double epsilon) : Norm(channels, epsilon) {
  running_mean = register_buffer("running_mean", make_tensor({channels}, fill_zeros));
  running_var = register_buffer("running_var", make_tensor({channels}, fill_ones));
  num_batches_tracked = register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
}

at::Tensor BatchNorm::normalize(const at::Tensor& x) {
  const int64_t values = x.numel() / std::max<int64_t>(x.size(1), 1);
  const bool training = is_training() && values > 1;
  if (training) num_batches_tracked.add_(1);
  return at::batch_norm(x, weight, bias, running_mean, running_var, training, 0.1, epsilon_, true);
}

}  // namespace photo51::nn

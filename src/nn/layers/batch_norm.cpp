#include "photo51/nn/layers/batch_norm.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/nn/init.hpp"
#include "photo51/ops/norm_act.hpp"

namespace photo51::nn {

BatchNorm::BatchNorm(int64_t channels, double epsilon) : Norm(channels, epsilon) {
  running_mean = register_buffer("running_mean", make_tensor({channels}, fill_zeros));
  running_var = register_buffer("running_var", make_tensor({channels}, fill_ones));
  num_batches_tracked = register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
}

BatchNorm::ScaleAndShift BatchNorm::scale_and_shift() const {
  const at::Tensor scale = weight.to(at::kDouble) / (running_var.to(at::kDouble) + epsilon_).sqrt();
  return {scale, bias.to(at::kDouble) - running_mean.to(at::kDouble) * scale};
}

namespace {

int64_t batch_norm_values(const at::Tensor& x) {
  return x.numel() / std::max<int64_t>(x.size(1), 1);
}

constexpr double batch_norm_momentum = 0.1;

}  // namespace

at::Tensor BatchNorm::normalize(const at::Tensor& x) {
  const bool training = takes_statistics_of(batch_norm_values(x));
  if (training) num_batches_tracked.add_(1);
  return at::batch_norm(x, weight, bias, running_mean, running_var, training, batch_norm_momentum, epsilon_,
                        true);
}

void BatchNorm::remember(const at::Tensor& mean, const at::Tensor& variance, int64_t values) {
  const at::NoGradGuard no_grad;
  const double unbiased = static_cast<double>(values) / static_cast<double>(values - 1);
  num_batches_tracked.add_(1);
  running_mean.mul_(1 - batch_norm_momentum).add_(mean, batch_norm_momentum);
  running_var.mul_(1 - batch_norm_momentum).add_(variance, batch_norm_momentum * unbiased);
}

at::Tensor BatchNorm::fused(const at::Tensor& x, const NormThen& then) {
  ops::NormActInputs inputs{.x = x, .weight = weight, .bias = bias, .residual = then.residual};
  const int64_t values = batch_norm_values(x);
  const bool training = takes_statistics_of(values);
  if (!training) {
    inputs.mean = running_mean;
    inputs.variance = running_var;
  }
  const ops::Normed made = ops::norm_act(inputs, {.epsilon = epsilon_, .slope = then.slope});
  if (training) remember(made.mean, made.variance, values);
  return made.y;
}

}  // namespace photo51::nn

#pragma once
/// Normalisation of feature maps and what follows it, in one pass (operator photo51::norm_act):
///
///   y = act((x - mean) / sqrt(variance + epsilon) * weight + bias + residual),
///   act(z) = z > 0 ? z : slope * z
///
/// float32, float64, bfloat16; of bfloat16 all but x, the residual and y are float32. Channels-last and
/// contiguous maps are read as they lie. Gradients go to x, weight, bias and residual; for the activation the
/// sign of y serves. On the CPU, and on a GPU where libphoto51_cuda is built (`has_norm_act`); sums do not
/// depend on the number of threads.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace photo51::ops {

struct NormActOptions {
  bool per_case = false;  ///< mean and variance of each case's channel (instance norm), else over the batch
  double epsilon = 1e-5;
  double slope = 1;  ///< 1: no activation, 0: ReLU, between: leaky ReLU
};

struct NormActInputs {
  at::Tensor x;                   ///< [B, C, ...]
  at::Tensor weight{}, bias{};    ///< [C]; undefined: 1 and 0
  at::Tensor residual{};          ///< as x; undefined: none
  at::Tensor mean{}, variance{};  ///< [C]; undefined: those of x. Constants: they get no gradient
};

struct Normed {
  at::Tensor y;
  at::Tensor mean, variance;  ///< that served, [C] or [B * C], biased, without gradient
};

/// Errors (usage): sizes, types or devices that do not fit, a slope outside 0 to 1, only one of mean and
/// variance, or given ones a case; no values to take a mean of.
Normed norm_act(const NormActInputs& inputs, const NormActOptions& options);

/// Whether there are kernels for tensors of this device and type.
bool has_norm_act(const at::Tensor& x);
/// Whether they are worth it there: contiguous maps of small planes are better off step by step.
bool pays_norm_act(const at::Tensor& x);
/// What of float32 stands beside maps of this type.
at::ScalarType parameter_type(at::ScalarType maps);

}  // namespace photo51::ops

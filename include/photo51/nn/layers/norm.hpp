#pragma once
/// Normalisation of feature maps [B, C, ...], which keeps their shape: (x - mean) / sqrt(variance + epsilon)
/// * weight + bias, weight and bias [C]; over what mean and variance are taken says the kind.

#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/layers/norms.hpp"

namespace photo51::nn {

/// What follows a norm: y = act(norm(x) + residual), act(z) = z > 0 ? z : slope * z.
struct NormThen {
  double slope = 1;       ///< 1: no activation, 0: ReLU, between: leaky ReLU
  at::Tensor residual{};  ///< as x; undefined: none
};

class Norm : public Layer {
 public:
  Norm(int64_t channels, double epsilon);
  at::Tensor forward(const at::Tensor& x);
  /// With what follows, in one pass where the kind has a kernel (ops/norm_act.hpp) and no Capture records it.
  at::Tensor forward(const at::Tensor& x, const NormThen& then);
  at::Tensor weight, bias;

 protected:
  virtual at::Tensor normalize(const at::Tensor& x) = 0;
  /// Of inputs that the kernels take. Undefined: it is computed step by step.
  virtual at::Tensor fused(const at::Tensor& x, const NormThen& then);
  const double epsilon_;

 private:
  bool takes_kernel(const at::Tensor& x) const;
};

}  // namespace photo51::nn

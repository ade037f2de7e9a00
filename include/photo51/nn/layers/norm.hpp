#pragma once
/// Normalisation of feature maps [B, C, ...], which keeps their shape: (x - mean) / sqrt(variance + epsilon)
/// * weight + bias, weight and bias [C]; over what mean and variance are taken says the kind.

#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/layers/norms.hpp"

namespace photo51::nn {

class Norm : public Layer {
 public:
  Norm(int64_t channels, double epsilon);
  at::Tensor forward(const at::Tensor& x);
  at::Tensor weight, bias;

 protected:
  virtual at::Tensor normalize(const at::Tensor& x) = 0;
  const double epsilon_;
};

}  // namespace photo51::nn

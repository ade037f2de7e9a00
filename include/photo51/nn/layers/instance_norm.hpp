#pragma once
/// Ulyanov et al., Instance normalization, 2016: each case and channel by its own mean and variance over the
/// places.

#include "photo51/nn/layers/norm.hpp"

namespace photo51::nn {

/// Where the map is a single place it passes unchanged, since nothing would be left of it.
class InstanceNorm : public Norm {
 public:
  explicit InstanceNorm(int64_t channels, double epsilon = 1e-5) : Norm(channels, epsilon) {}

 protected:
  at::Tensor normalize(const at::Tensor& x) override;
  at::Tensor fused(const at::Tensor& x, const NormThen& then) override;
};

}  // namespace photo51::nn

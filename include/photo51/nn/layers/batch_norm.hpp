#pragma once
/// Ioffe and Szegedy, Batch normalization, ICML 2015: each channel by its mean and variance over the batch
/// and all places, at prediction by their running means (momentum 0.1), with torch.nn's names.

#include "photo51/nn/layers/norm.hpp"

namespace photo51::nn {

/// A training batch with a single value a channel has no variance: the running statistics serve and are left
/// as they are.
class BatchNorm : public Norm {
 public:
  explicit BatchNorm(int64_t channels, double epsilon = 1e-5);
  at::Tensor running_mean, running_var, num_batches_tracked;

 protected:
  at::Tensor normalize(const at::Tensor& x) override;
};

}  // namespace photo51::nn

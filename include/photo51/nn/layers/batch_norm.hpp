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
  /// What it does at prediction, x * scale + shift, in float64.
  struct ScaleAndShift {
    at::Tensor scale, shift;
  };
  ScaleAndShift scale_and_shift() const;

 protected:
  at::Tensor normalize(const at::Tensor& x) override;
  at::Tensor fused(const at::Tensor& x, const NormThen& then) override;

 private:
  /// Whether statistics are those of so many values a channel, and not the running ones.
  bool takes_statistics_of(int64_t values) const { return is_training() && values > 1; }
  void remember(const at::Tensor& mean, const at::Tensor& variance, int64_t values);
};

}  // namespace photo51::nn

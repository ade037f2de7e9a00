#pragma once
/// Ba et al., Layer normalization, 2016: the features of a token by their own mean and variance, with
/// torch.nn's names.

#include "photo51/nn/layers/norm.hpp"

namespace photo51::nn {

/// Over the last axis: [..., width].
class LayerNorm : public Layer {
 public:
  explicit LayerNorm(int64_t width, double epsilon = 1e-5);
  at::Tensor forward(const at::Tensor& x) const;
  at::Tensor weight, bias;

 private:
  double epsilon_;
};

/// The same of feature maps [B, C, ...]: over the channels at each place, as ConvNeXt has it (Liu et al.,
/// CVPR 2022).
class ChannelLayerNorm : public Norm {
 public:
  explicit ChannelLayerNorm(int64_t channels, double epsilon = 1e-5) : Norm(channels, epsilon) {}

 protected:
  at::Tensor normalize(const at::Tensor& x) override;
};

}  // namespace photo51::nn

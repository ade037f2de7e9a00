#pragma once
/// Woo et al., ConvNeXt V2, CVPR 2023: with G_c the length of channel c over all places,
/// y = x + weight x G_c / (mean of G over the channels + epsilon) + bias, so that channels compete.

#include <cstdint>

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

/// x [B, ...] whose axis `channel_dim` has `channels` -> the same; all other axes but the first are places.
/// Negative axes count from the last. Weight and bias [C], 0 at the beginning, with timm's names.
class GlobalResponseNorm : public Layer {
 public:
  GlobalResponseNorm(int64_t channels, int64_t channel_dim, double epsilon = 1e-6);
  /// Of parameters of C values that the module around it has registered, as MONAI's MedNeXt does.
  GlobalResponseNorm(at::Tensor registered_weight, at::Tensor registered_bias, int64_t channel_dim,
                     double epsilon = 1e-6);
  std::vector<at::Tensor> seen_parameters() const override { return {weight, bias}; }
  at::Tensor forward(const at::Tensor& x) const;
  at::Tensor weight, bias;

 private:
  int64_t channel_dim_;
  double epsilon_;
};

}  // namespace photo51::nn

#pragma once
/// Hu et al., Squeeze-and-excitation networks, CVPR 2018: each channel times sigmoid(W2 relu(W1 m)) of the
/// channels' means m. [B, C, ...] -> the same, with timm's names (`fc1`, `fc2`, convolutions of 1 x 1).

#include <memory>

#include "photo51/nn/layers/conv.hpp"

namespace photo51::nn {

class SqueezeExcitation : public Layer {
 public:
  /// `hidden` features between the two matrices.
  SqueezeExcitation(int64_t dims, int64_t channels, int64_t hidden);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  std::shared_ptr<Conv> squeeze_, excite_;
};

/// A 16th of the channels, rounded to a multiple of `divisor` and at least that.
int64_t reduced_channels(int64_t channels, int64_t divisor);

}  // namespace photo51::nn

#pragma once
/// Tompson et al., Efficient object localization using convolutional networks, CVPR 2015: in training each
/// channel of a case in [B, C, ...] is zero as a whole with a probability, drawn from torch's default
/// generator, and the others grow by 1 / (1 - probability). Otherwise the input itself.

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

class ChannelDropout : public Layer {
 public:
  explicit ChannelDropout(double probability) : probability_(probability) {}
  at::Tensor forward(const at::Tensor& x) const;

 private:
  double probability_;
};

}  // namespace photo51::nn

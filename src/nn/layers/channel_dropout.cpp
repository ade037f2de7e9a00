#include "photo51/nn/layers/channel_dropout.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {

at::Tensor ChannelDropout::forward(const at::Tensor& x) const {
  const at::Tensor y = at::feature_dropout(x, probability_, is_training());
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn

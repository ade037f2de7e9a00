#pragma once
/// Convolutional block attention module (Woo et al., CBAM, ECCV 2018), with timm's names. First each channel
/// times sigmoid(f(means) + f(maxima)) over the places, f(v) = W2 relu(W1 v); then each place times
/// sigmoid(norm(conv([mean, maximum]))) over the channels. [B, C, ...] -> the same.

#include <memory>

#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/conv.hpp"

namespace photo51::nn {

/// The norm of the single map is batch norm whatever the network's, since others would remove its mean.
class Cbam : public Layer {
 public:
  /// `hidden` features between the two matrices; an edge of `kernel` for the convolution of the places.
  Cbam(int64_t dims, int64_t channels, int64_t hidden, int64_t kernel = 7);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  std::shared_ptr<torch::nn::Module> channel_, spatial_;  ///< report what each of the two makes
  std::shared_ptr<Conv> squeeze_, excite_, places_;
  std::shared_ptr<BatchNorm> norm_;
};

}  // namespace photo51::nn

#pragma once
/// From the stages of an image encoder to logits of each place of the image.

#include <torch/nn/module.h>

#include <vector>

#include "photo51/backbones/decoder/decoders.hpp"
#include "photo51/backbones/features.hpp"
#include "photo51/nn/weights/dialect.hpp"

namespace photo51::backbones {

class Decoder : public torch::nn::Module {
 public:
  /// Of what the encoder found in `image` [B, C, ([D,] H, W)]. Logits [B, outputs, ...], finest first: the
  /// first at the image's size, more (coarser) only in training with deep supervision.
  virtual std::vector<at::Tensor> forward(const Features& found, const at::Tensor& image) = 0;
  /// Whose files it takes: those of whole networks, whose encoder is left out.
  virtual std::vector<nn::Dialect> dialects() const = 0;
};

}  // namespace photo51::backbones

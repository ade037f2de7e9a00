#pragma once
/// Touvron et al., Going deeper with image transformers, ICCV 2021: a learned factor for each channel of a
/// residual branch, small at the beginning.

#include <cstdint>

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

/// Of a parameter of C values, whatever its shape (timm: [C], torchvision: [C, 1, 1]); x of any shape whose
/// axis `channel_dim` is C -> the same. Negative axes count from the last.
class LayerScale : public OuterParameterLayer {
 public:
  LayerScale(at::Tensor registered, int64_t channel_dim)
      : OuterParameterLayer(std::move(registered)), channel_dim_(channel_dim) {}
  at::Tensor forward(const at::Tensor& x) const;

 private:
  int64_t channel_dim_;
};

}  // namespace photo51::nn

#pragma once
/// Non-local block (Wang et al., Non-local neural networks, CVPR 2018), the embedded Gaussian with the
/// scaling of the authors' program: x + norm(z(softmax(t(x)^T p(x) / sqrt(d)) g(x))), with 1 x 1
/// convolutions t, p, g to d channels and z back. [B, C, ...] -> the same, with the names of timm's
/// `NonLocalAttn`. The norm begins at 0, so that the block is at first the input itself.

#include <memory>
#include <string>

#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/norm.hpp"
#include "photo51/nn/layers/scaled_dot_product.hpp"

namespace photo51::nn {

/// Its cost grows with the square of the places.
class NonLocal : public Layer {
 public:
  /// `inner` is d; `norm` a row of nn::norms.
  NonLocal(int64_t dims, int64_t channels, int64_t inner, const std::string& norm = "batch");
  at::Tensor forward(const at::Tensor& x) const;

 private:
  std::shared_ptr<Conv> query_, key_, value_, out_;
  std::shared_ptr<ScaledDotProduct> attention_;
  std::shared_ptr<Norm> norm_;
};

}  // namespace photo51::nn

#pragma once
/// Attention gate of a skip connection (Oktay et al., Attention U-Net, MIDL 2018): the decoder's features g
/// say which places of the encoder's features x to keep, x * a with
///
///   a = sigmoid(norm(psi(relu(norm(W_g g) + norm(W_x x)))))
///
/// and 1 x 1 convolutions W_g, W_x and psi, with the names of MONAI's AttentionUnet. As there, g has been
/// brought to the size of x, and the norms are batch norm.

#include <memory>

#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/conv_norm.hpp"

namespace photo51::nn {

/// A Capture has the attention a [B, 1, ...] under `psi`, with the gate's map before its convolution as
/// input.
class AttentionGate : public Layer {
 public:
  struct Shape {
    int64_t dims = 3;
    int64_t gate = 1, skip = 1;  ///< channels of g and of x
    int64_t inner = 1;           ///< what both become before they are added; MONAI: half of those of x
  };
  explicit AttentionGate(const Shape& shape);
  /// [B, gate, ...], [B, skip, ...] -> [B, skip, ...]. Error (usage): their places differ.
  at::Tensor forward(const at::Tensor& gate, const at::Tensor& skip) const;

 private:
  struct Part {
    std::shared_ptr<torch::nn::Module> module;
    std::shared_ptr<Conv> convolution;
    std::shared_ptr<BatchNorm> norm;
    at::Tensor forward(const at::Tensor& x, const NormThen& then) const {
      return conv_norm(*convolution, *norm, x, then);
    }
  };
  Part make_part(const char* name, int64_t dims, int64_t in, int64_t out);

  Part gate_, skip_, psi_;
};

}  // namespace photo51::nn

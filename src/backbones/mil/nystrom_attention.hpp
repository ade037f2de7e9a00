#pragma once
/// Multi-head self-attention of one long sequence through landmarks, Xiong et al., Nystromformer, AAAI 2021:
///
///   softmax(Q K~^T) pinv(softmax(Q~ K~^T)) softmax(Q~ K^T) V + conv(V)
///
/// where Q~ and K~ are means over runs of ceil(n / landmarks) tokens, the pseudo-inverse is the paper's
/// iteration, and conv is a depthwise convolution over 33 tokens. As in the code that TransMIL's authors use,
/// zeros are put before the sequence until the landmarks divide it, there is no bias of Q, K and V, and sums
/// of a run are divided by ceil(n / landmarks) of the sequence without zeros. Parameter names are that
/// code's.

#include <torch/nn/module.h>

#include <memory>

#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::backbones {

class NystromAttention : public torch::nn::Module {
 public:
  struct Shape {
    int64_t width, heads, landmarks, pinv_iterations;
    double dropout = 0;  ///< of what comes out
  };
  explicit NystromAttention(const Shape& shape);
  /// [n, width] -> the same. `first` takes the attention of the first token, [n], mean of the heads, without
  /// gradient; it may be below 0, for it is an approximation.
  at::Tensor forward(const at::Tensor& x, at::Tensor* first = nullptr);

 private:
  at::Tensor landmarks_of(const at::Tensor& tokens, int64_t run) const;
  at::Tensor pseudo_inverse(const at::Tensor& attention) const;

  Shape shape_;
  std::shared_ptr<nn::Linear> in_, out_;
  std::shared_ptr<nn::Conv> residual_;
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace photo51::backbones

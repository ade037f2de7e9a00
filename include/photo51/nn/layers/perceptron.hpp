#pragma once
/// The feed-forward part of a transformer: each token on its own, [..., width] -> the same.
///
///   gelu    W2 gelu(W1 x + b1) + b2
///   swiglu  W2 (silu(g) * h) + b2, where [g; h] = W1 x + b1, so that W1 makes 2 * hidden features; timm
///   calls
///           it SwiGLUPacked

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>

#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/perceptron_kind.hpp"

namespace photo51::nn {

struct PerceptronOptions {
  int64_t width = 0, hidden = 0;
  PerceptronKind kind = PerceptronKind::gelu;
  double dropout = 0;  ///< of the hidden features; what comes out is left to the caller
  std::string first = "fc1", second = "fc2";  ///< names of W1 and W2
};

/// A linear layer with the ViT's initial values: Xavier's, and biases near 0.
std::shared_ptr<Linear> make_perceptron_layer(int64_t in, int64_t out);

class Perceptron : public torch::nn::Module {
 public:
  explicit Perceptron(const PerceptronOptions& options);
  at::Tensor forward(const at::Tensor& x);

 private:
  PerceptronKind kind_;
  std::shared_ptr<Linear> first_, second_;
  std::shared_ptr<Dropout> dropout_;
};

}  // namespace photo51::nn

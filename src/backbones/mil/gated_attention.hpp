#pragma once
/// The scores of gated attention, Ilse et al., Attention-based deep multiple instance learning, ICML 2018:
/// w' (tanh(V f_i) * sigmoid(U f_i)), with the parameter names of the authors' code.

#include <torch/nn/module.h>

#include <memory>
#include <string>

#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::backbones {

/// torch.nn.Sequential's name of a layer that an activation follows.
std::shared_ptr<nn::Linear> sequential_linear(torch::nn::Module& parent, const std::string& name, int64_t in,
                                              int64_t out);

/// Its layers are registered in `parent`: `attention_V.0`, `attention_U.0`, `attention_w`.
class GatedAttention {
 public:
  struct Shape {
    int64_t width, hidden, branches = 1;
    double dropout = 0;  ///< of tanh and sigmoid, in training
  };
  GatedAttention(torch::nn::Module& parent, const Shape& shape);
  /// [N, width] -> [N, branches]. Both matrices in one product, and what follows it in one pass, unless a
  /// layer is looked into or adapted, or there is dropout.
  at::Tensor scores(const at::Tensor& x) const;

 private:
  bool is_plain() const;

  double dropout_probability_;
  std::shared_ptr<nn::Linear> v_, u_, w_;
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace photo51::backbones

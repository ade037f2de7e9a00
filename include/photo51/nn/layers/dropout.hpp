#pragma once
/// Srivastava et al., Dropout, JMLR 2014: in training each value is zero with a probability, drawn from
/// torch's default generator, and the others grow by 1 / (1 - probability). Any shape; otherwise the input
/// itself.

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

class Dropout : public Layer {
 public:
  explicit Dropout(double probability) : probability_(probability) {}
  at::Tensor forward(const at::Tensor& x) const;

 private:
  double probability_;
};

}  // namespace photo51::nn

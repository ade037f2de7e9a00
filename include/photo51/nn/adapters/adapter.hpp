#pragma once
/// What adapts a trained layer to another task without touching its weights (Houlsby et al., Parameter-
/// efficient transfer learning for NLP, ICML 2019). It sits in a slot of the layer
/// (nn/layers/adapted_layer.hpp) and so replaces no module.

#include <torch/nn/module.h>

namespace photo51::nn {

class Adapter : public torch::nn::Module {
 public:
  /// Added to the layer's output: from the layer's input, of the output's shape.
  virtual at::Tensor delta(const at::Tensor& input) = 0;
  /// What added to the layer's weight does the same, of the weight's shape; undefined where nothing does.
  virtual at::Tensor weight_delta() const { return {}; }
};

}  // namespace photo51::nn

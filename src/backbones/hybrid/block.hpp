#pragma once
/// What the blocks of hybrid networks have in common.

#include <torch/nn/module.h>

#include <memory>

#include "backbones/hybrid/recipe.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/layer_scale.hpp"

namespace photo51::backbones {

at::Tensor activate(HybridActivation kind, const at::Tensor& x);

/// Of maps [B, C, ([D,] H, W)].
class HybridBlock : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& x) = 0;
};

/// Where a block stands.
struct HybridPlace {
  int64_t dims, in, out;
  bool halving;  ///< the first block of a stage
  double drop_path;
  std::vector<int64_t> size;  ///< of its output, ([D,] H, W)
};

at::Tensor halve(HybridPool kind, const at::Tensor& x);

/// The shortcut of a halving block: a pool, and the convolution `expand` to as many channels.
class HybridShortcut : public torch::nn::Module {
 public:
  /// `expands`: has the convolution.
  HybridShortcut(const HybridPlace& place, HybridPool pool, bool expands, bool bias);
  at::Tensor forward(const at::Tensor& x);

 private:
  HybridPool pool_;
  std::shared_ptr<nn::Conv> expand_;  ///< null without
};

/// Layer scale: the parameter `gamma` of a module `name` that is added to `block`; null where `first` is 0.
std::shared_ptr<nn::LayerScale> add_layer_scale(torch::nn::Module& block, const char* name, int64_t channels,
                                                double first, int64_t channel_dim);

/// Glorot's initial values of every convolution and matrix below `block`, as transformers have them; biases
/// are 0, in perceptrons next to it.
void initialize_transformer(torch::nn::Module& block);

}  // namespace photo51::backbones

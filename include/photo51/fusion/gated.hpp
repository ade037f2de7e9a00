#pragma once
/// Gated sum (after the gated multimodal units of Arevalo et al., 2017, with one gate an input):
///
///   h_m = tanh(W_m LayerNorm(x_m) + b_m)          [B, width]
///   a   = softmax over the present m of (u_m . h_m + c_m)
///   z   = sum over the present m of a_m h_m
///
/// A case without any input gets zeros. `modality_weights` are the a_m.

#include "photo51/fusion/fusion.hpp"
#include "photo51/fusion/options.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::fusion {

class Gated : public Fusion {
 public:
  Gated(const GatedOptions& options, const FusionInputs& inputs);
  Fused fuse(const std::map<std::string, backbones::Tokens>& inputs) override;
  int64_t width() const override { return options_.width; }

 private:
  struct Input {
    std::string name;
    std::shared_ptr<nn::LayerNorm> norm;
    std::shared_ptr<nn::Linear> project, gate;
  };
  GatedOptions options_;
  std::vector<Input> inputs_;
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace photo51::fusion

#pragma once
/// The inverted bottleneck of hybrid networks (Sandler et al., MobileNetV2, CVPR 2018; with squeeze and
/// excitation, Hu et al., CVPR 2018, and a norm before it, Dai et al., CoAtNet, NeurIPS 2021), with timm's
/// names.

#include "backbones/hybrid/block.hpp"
#include "photo51/nn/layers/drop_path.hpp"
#include "photo51/nn/layers/norm.hpp"

namespace photo51::backbones {

/// Channels by the sigmoid of a perceptron (1-wide convolutions `fc1`, `fc2`) of their means.
class HybridSqueeze : public torch::nn::Module {
 public:
  HybridSqueeze(int64_t dims, int64_t channels, int64_t hidden, HybridActivation activation);
  at::Tensor forward(const at::Tensor& x);

 private:
  HybridActivation activation_;
  std::shared_ptr<nn::Conv> fc1_, fc2_;
};

class MbConv : public HybridBlock {
 public:
  MbConv(const MbConvRecipe& recipe, const HybridPlace& place);
  at::Tensor forward(const at::Tensor& x) override;

 private:
  MbConvRecipe recipe_;
  bool pools_;
  std::shared_ptr<HybridShortcut> shortcut_;  ///< null where the input is the shortcut
  std::shared_ptr<nn::Norm> pre_norm_, norm1_, norm2_;
  std::shared_ptr<nn::Conv> conv1_, conv2_, conv3_;
  std::shared_ptr<HybridSqueeze> squeeze_;
  std::shared_ptr<nn::DropPath> drop_path_;
};

}  // namespace photo51::backbones

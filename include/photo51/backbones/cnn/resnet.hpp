#pragma once
/// ResNet 18/34/50 (He et al., CVPR 2016; bottlenecks with the stride in the middle convolution) in 2D with
/// torchvision's parameter names and layouts, and in 3D with MONAI's, which are the same names.
///
///   torchvision resnet18            {depth: 18}
///   MONAI resnet18, spatial_dims=3  {depth: 18, stem_stride: 1, downsample_bias: true}

#include <memory>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/layers.hpp"

namespace photo51::backbones {

class ResNet : public Backbone {
 public:
  /// With `classes` > 0 a classifier `fc` is added, which `logits` uses and `tokens` does not.
  ResNet(const ResNetOptions& options, int64_t dims, int64_t channels, int64_t classes = 0);
  ~ResNet() override;
  /// [B, C, ...] -> [B, width, ...] at a 32nd of the size (standard stem with stride 2).
  at::Tensor feature_map(const at::Tensor& image);
  at::Tensor tokens(const at::Tensor& image) override;
  at::Tensor logits(const at::Tensor& image);
  int64_t width() const override { return width_; }

 private:
  class Block;
  int64_t width_ = 0;
  bool pool_ = true;
  std::shared_ptr<nn::Conv> conv1_;
  std::shared_ptr<nn::Norm> bn1_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::shared_ptr<nn::Linear> fc_;
};

}  // namespace photo51::backbones

#pragma once
/// EfficientNet-Lite0 in 2D, with timm's parameter names and layouts (`efficientnet_lite0`; with padding:
/// same and norm_epsilon: 1e-3 `tf_efficientnet_lite0`).

#include <memory>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/layers.hpp"

namespace photo51::backbones {

class EfficientNetLite : public Backbone {
 public:
  /// With `classes` > 0 a classifier is added, which `logits` uses and `tokens` does not.
  EfficientNetLite(const EfficientNetLiteOptions& options, int64_t channels, int64_t classes = 0);
  ~EfficientNetLite() override;
  /// [B, C, H, W] -> [B, 1280, H / 32, W / 32].
  at::Tensor feature_map(const at::Tensor& image);
  at::Tensor tokens(const at::Tensor& image) override;
  at::Tensor logits(const at::Tensor& image);
  int64_t width() const override;

 private:
  class Layer;
  class Block;
  std::shared_ptr<Layer> stem_, head_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::shared_ptr<nn::Linear> classifier_;
};

}  // namespace photo51::backbones

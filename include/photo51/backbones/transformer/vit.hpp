#pragma once
/// Vision transformer (Dosovitskiy et al., ICLR 2021), with torchvision's parameter names and layouts in 2D;
/// in 3D the patches have a depth as well and nothing else differs.
///
///   torchvision vit_b_16  {patch_size: 16, embed_dim: 768, depth: 12, num_heads: 12, mlp_dim: 3072}

#include <memory>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/layers.hpp"

namespace photo51::backbones {

class Vit : public Backbone {
 public:
  /// `size` is [D,] H, W of the images. With `classes` > 0 a classifier `heads.head` is added, which `logits`
  /// uses. Error (usage) when the size is unknown or is not a multiple of the patch.
  Vit(const VitOptions& options, const std::vector<int64_t>& size, int64_t channels, int64_t classes = 0);
  ~Vit() override;
  at::Tensor tokens(const at::Tensor& image) override;
  at::Tensor logits(const at::Tensor& image);
  int64_t width() const override { return width_; }
  int64_t prefix_tokens() const override { return 1; }

 private:
  class Layer;
  int64_t width_;
  double dropout_;
  at::Tensor class_token_, position_;
  std::shared_ptr<nn::Conv> projection_;
  std::vector<std::shared_ptr<Layer>> layers_;
  std::shared_ptr<nn::LayerNorm> norm_;
  std::shared_ptr<nn::Linear> head_;
};

}  // namespace photo51::backbones

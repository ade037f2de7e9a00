#pragma once
/// Vision transformer (Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021), with torchvision's
/// parameter names and layouts in 2D, or with timm's names; in 3D the patches have a depth as well and
/// nothing else differs.
///
///   torchvision vit_b_16, timm vit_base_patch16_224
///       {patch_size: 16, embed_dim: 768, depth: 12, num_heads: 12, mlp_dim: 3072}

#include <cstdint>
#include <memory>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

/// The names are timm's.
struct VitOptions {
  int64_t patch_size = 16;
  int64_t embed_dim = 192;
  int64_t depth = 12;
  int64_t num_heads = 3;
  int64_t mlp_dim = 768;
  double dropout = 0;  ///< inside the layers; of the tokens that come out: `encoder.dropout`
  double attention_dropout = 0;
  ImageEncoderOptions encoder{.pool = TokenPool::class_token, .weights = {}};
};
void describe(config::Fields& f, VitOptions& o);

/// One stage, a place a patch, and the class token as prefix. With `classes` > 0 a classifier `heads.head` is
/// added, which only `logits` uses. Error (usage): the images' size is unknown or is not a multiple of the
/// patch.
std::shared_ptr<Backbone> make_vit(const VitOptions& options, const InputShape& shape, int64_t classes = 0);
EncoderRow vit_row();

}  // namespace photo51::backbones

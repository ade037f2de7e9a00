#pragma once
/// The encoder of UNETR (Hatamizadeh et al., UNETR: Transformers for 3D medical image segmentation, WACV
/// 2022), 2D or 3D: the vision transformer of transformer/vit.hpp as MONAI has it, whose hidden states are
/// the skips of UNETR's decoder. By its names in files it is MONAI's ViT as well.
///
///   MONAI UNETR                        {}
///   MONAI ViT(classification=True)     {class_token: true}

#include <cstdint>
#include <memory>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/backbones/transformer/vit.hpp"

namespace photo51::backbones {

struct UnetrOptions {
  int64_t patch_size = 16;
  int64_t embed_dim = 768;
  int64_t depth = 12;
  int64_t num_heads = 12;
  int64_t mlp_dim = 3072;
  VitProjection projection = VitProjection::conv;
  VitPosition position = VitPosition::learned;  ///< or sincos
  bool qkv_bias = false;
  bool class_token = false;
  /// After which layers, counted from 1, hidden states are stages, ascending. These are MONAI's (its
  /// `hidden_states_out[3]`, `[6]` and `[9]`); the paper says 3, 6, 9.
  std::vector<int64_t> skip_layers{4, 7, 10};
  double dropout = 0;  ///< inside the layers; of the tokens that come out: `encoder.token_dropout`
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, UnetrOptions& o);

/// A stage for each of `skip_layers` and the last of the normed output, all with a place a patch; the class
/// token, normed, as prefix. With `classes` > 0 a classifier is added, which only `logits` uses, with MONAI's
/// tanh behind it. Of files with the whole UNETR the convolutional blocks (`encoder1` to `encoder4`,
/// `decoder5` to `decoder2`, `out`) are left out; `norm_cross_attn` of each layer, which MONAI keeps and does
/// not use, is given back as ones and zeros. Errors (usage): those of `make_vit`.
std::shared_ptr<Backbone> make_unetr(const UnetrOptions& options, const InputShape& shape,
                                     int64_t classes = 0);
EncoderRow unetr_row();

}  // namespace photo51::backbones

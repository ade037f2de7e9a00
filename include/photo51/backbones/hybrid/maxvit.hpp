#pragma once
/// MaxViT (Tu et al., MaxViT: Multi-axis vision transformer, ECCV 2022): each block is an inverted
/// bottleneck, attention within windows and attention within a grid spread over the whole map. timm's
/// parameter names; torchvision's are a dialect. The peers are 2D; in 3D convolutions, windows and grids have
/// a depth as well and nothing else differs.
///
///   torchvision maxvit_t          {variant: t}
///   timm maxvit_tiny_tf_224       {variant: tiny_tf}; small_tf, base_tf, large_tf, xlarge_tf
///   timm maxvit_nano_rw_256       {variant: nano_rw}; pico_rw, tiny_rw
///   timm maxvit_rmlp_nano_rw_256  {variant: rmlp_nano_rw}; rmlp_pico_rw, rmlp_tiny_rw, rmlp_small_rw,
///                                 rmlp_base_rw
///
/// The `tf` networks pad as TensorFlow does. `rmlp`: a perceptron of the differences of positions gives the
/// bias, which fits windows of every size.

#include <memory>
#include <string>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/hybrid/hybrid_sizes.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

struct MaxVitOptions {
  std::string variant = "t";
  HybridSizes sizes;
  int64_t window_size = 0;  ///< edge of windows and grids; 0: the 32nd part of the image, as published
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, MaxVitOptions& o);

/// Five stages, at a half (the stem) to a 32nd of the size. The norm at the end of `nano_rw` and others
/// without a hidden layer before the classifier is part of the last. With `classes` > 0 a `head` is added,
/// which only `logits` uses. Errors (usage): the images' size is unknown or is not a multiple of 32 windows;
/// there is no such variant; `dim_head` does not divide the channels.
std::shared_ptr<Backbone> make_maxvit(const MaxVitOptions& options, const InputShape& shape,
                                      int64_t classes = 0);
EncoderRow maxvit_row();

}  // namespace photo51::backbones

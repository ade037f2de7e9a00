#pragma once
/// CoAtNet (Dai et al., CoAtNet: Marrying convolution and attention for all data sizes, NeurIPS 2021): two
/// stages of inverted bottlenecks, two of attention among all places of the map. timm's parameter names and
/// layouts. The peers are 2D; in 3D all maps have a depth as well and nothing else differs.
///
///   timm coatnet_0_rw_224    {variant: 0_rw}; nano_rw, pico_rw, 1_rw, 2_rw, 3_rw, bn_0_rw, rmlp_nano_rw,
///                            rmlp_0_rw, rmlp_1_rw, rmlp_1_rw2, rmlp_2_rw, rmlp_3_rw
///   timm coatnet_0_224       {variant: "0"}; 1 to 5: the paper's sizes
///
/// `rmlp`: a perceptron of the differences of positions gives the bias, which fits images of every size.

#include <memory>
#include <string>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/hybrid/hybrid_sizes.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

struct CoAtNetOptions {
  std::string variant = "0_rw";
  HybridSizes sizes;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, CoAtNetOptions& o);

/// Five stages, at a half (the stem) to a 32nd of the size; the norm at the end is part of the last, except
/// of the variants 0 to 5. With `classes` > 0 a `head` is added, which only `logits` uses. Errors (usage):
/// the images' size is unknown or is not a multiple of 32; there is no such variant; `dim_head` does not
/// divide the channels.
std::shared_ptr<Backbone> make_coatnet(const CoAtNetOptions& options, const InputShape& shape,
                                       int64_t classes = 0);
EncoderRow coatnet_row();

}  // namespace photo51::backbones

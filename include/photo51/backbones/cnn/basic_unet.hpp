#pragma once
/// The encoder of MONAI's BasicUNet (Falk et al., U-Net: deep learning for cell counting, detection, and
/// morphometry, Nature Methods 2019), 2D or 3D, with its parameter names and layouts: pairs of convolution,
/// norm, dropout and leaky ReLU (slope 0.1), and between them the largest of each 2 x 2 (x 2).
///
///   MONAI BasicUNet    {features: [32, 32, 64, 128, 256]}

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

/// The names are MONAI's.
struct BasicUnetOptions {
  std::vector<int64_t> features{32, 32, 64, 128, 256};  ///< channels of each stage
  std::string norm = "instance";                        ///< a row of nn::norms: instance, batch, group, layer
  bool bias = true;                                     ///< of the convolutions
  double dropout = 0;                                   ///< behind every norm
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, BasicUnetOptions& o);

/// Its stages, which are the skips of BasicUNet's decoder: at the full size, a half, a quarter, ... of it,
/// rounded down. With `classes` > 0 a classifier `fc` is added, which only `logits` uses. Of files with the
/// whole network the decoder (`upcat_*`, `final_conv`: decoder/basic_unet.hpp) is left out.
std::shared_ptr<Backbone> make_basic_unet(const BasicUnetOptions& options, const InputShape& shape,
                                          int64_t classes = 0);
EncoderRow basic_unet_row();

}  // namespace photo51::backbones

#pragma once
/// The encoder of SegResNet (Myronenko, 3D MRI brain tumor segmentation using autoencoder regularization,
/// BrainLes 2018), 2D or 3D, with MONAI's parameter names and layouts: a convolution, then stages of residual
/// blocks (norm, ReLU, convolution, twice), each but the first begun by a convolution with stride 2.
///
///   MONAI SegResNet    {init_filters: 8, blocks_down: [1, 2, 2, 4]}
///   MONAI SegResNetDS  {init_filters: 32, blocks_down: [1, 2, 2, 4], norm: batch}

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

/// The names are MONAI's.
struct SegResNetOptions {
  int64_t init_filters = 8;  ///< channels of the first stage; each further stage doubles them
  std::vector<int64_t> blocks_down{1, 2, 2, 4};  ///< residual blocks of each stage
  std::string norm = "group";                    ///< a row of nn::norms: group, batch, instance, layer
  double dropout = 0;                            ///< of the first convolution's channels
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, SegResNetOptions& o);

/// Its stages, which are the skips of SegResNet's decoder: at the full size, a half, a quarter, ... of it,
/// rounded up. With `classes` > 0 a classifier `fc` is added, which only `logits` uses. Of files with the
/// whole network the decoder (`up_layers`, `up_samples`, `conv_final`, SegResNetVAE's `vae_*`; of
/// SegResNetDS `up_layers`) is left out.
std::shared_ptr<Backbone> make_segresnet(const SegResNetOptions& options, const InputShape& shape,
                                         int64_t classes = 0);
EncoderRow segresnet_row();

}  // namespace photo51::backbones

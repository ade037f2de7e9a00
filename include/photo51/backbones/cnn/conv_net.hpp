#pragma once
/// A plain stack of stages (convolution, norm, ReLU, ..., max pool by 2), 2D or 3D, for cohorts of tens of
/// patients.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

struct ConvNetOptions {
  std::vector<int64_t> widths{8, 16, 32, 64};  ///< channels of each stage; each stage halves the image
  int64_t convolutions = 1;                    ///< a stage
  std::string norm = "batch";                  ///< a row of nn::norms: batch, instance, group, layer
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, ConvNetOptions& o);

/// Its stages, at a half, a quarter, ... of the size, rounded up. With `classes` > 0 a classifier `fc` is
/// added, which only `logits` uses.
std::shared_ptr<Backbone> make_conv_net(const ConvNetOptions& options, const InputShape& shape,
                                        int64_t classes = 0);
EncoderRow conv_net_row();

}  // namespace photo51::backbones

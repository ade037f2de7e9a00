#pragma once
/// DenseNet (Huang et al., Densely connected convolutional networks, CVPR 2017; with bottlenecks and
/// compression) in 2D with torchvision's parameter names and layouts, which are timm's, and in 3D with
/// MONAI's, by its dialect.
///
///   torchvision, timm densenet121  {depth: 121}
///   MONAI DenseNet121              {depth: 121}
///
/// A layer adds `growth_rate` channels made of all those before it in its block; between two blocks a
/// transition halves the channels and the size.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

struct DenseNetOptions {
  int64_t depth = 121;                  ///< 121, 161, 169, 201: the layers of the published networks
  std::vector<int64_t> block_config{};  ///< layers of each block; empty: as `depth` says
  int64_t growth_rate = 0;              ///< channels that a layer adds; 0: as `depth` says, 32 (161: 48)
  int64_t init_features = 0;            ///< channels of the stem; 0: twice the growth rate
  int64_t bn_size = 4;                  ///< channels inside a layer, in growth rates
  std::string norm = "batch";           ///< a row of nn::norms: batch, instance, group, layer
  double dropout = 0;                   ///< of what a layer adds
  ImageEncoderOptions encoder = {};
};
void describe(config::Fields& f, DenseNetOptions& o);

/// A stage a block, the first at a 4th of the size, the last (normalised) at a 32nd. With `classes` > 0 a
/// `classifier` is added, which only `logits` uses. Errors (usage): there is no such depth; an axis of the
/// images is too short to be halved so often.
std::shared_ptr<Backbone> make_densenet(const DenseNetOptions& options, const InputShape& shape,
                                        int64_t classes = 0);
EncoderRow densenet_row();

}  // namespace photo51::backbones

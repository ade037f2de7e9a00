#include "photo51/backbones/catalogue.hpp"

#include <torch/nn/module.h>

#include "photo51/backbones/cnn/conv_net.hpp"
#include "photo51/backbones/cnn/efficientnet_lite.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/transformer/vit.hpp"

namespace photo51::backbones {

config::Catalogue<BuildEncoder>& image_encoders() {
  static config::Catalogue<BuildEncoder> table = {
      resnet_row(),
      vit_row(),
      conv_net_row(),
      efficientnet_lite0_row(),
  };
  return table;
}

}  // namespace photo51::backbones

#include "photo51/backbones/catalogue.hpp"

#include <torch/nn/module.h>

#include "photo51/backbones/cnn/basic_unet.hpp"
#include "photo51/backbones/cnn/conv_net.hpp"
#include "photo51/backbones/cnn/convnext.hpp"
#include "photo51/backbones/cnn/densenet.hpp"
#include "photo51/backbones/cnn/dynunet.hpp"
#include "photo51/backbones/cnn/efficientnet.hpp"
#include "photo51/backbones/cnn/mednext.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/cnn/segresnet.hpp"
#include "photo51/backbones/foreign/exported.hpp"
#include "photo51/backbones/foreign/torch_script.hpp"
#include "photo51/backbones/hybrid/coatnet.hpp"
#include "photo51/backbones/hybrid/maxvit.hpp"
#include "photo51/backbones/hybrid/unetr.hpp"
#include "photo51/backbones/transformer/swin.hpp"
#include "photo51/backbones/transformer/swin_unetr.hpp"
#include "photo51/backbones/transformer/vit.hpp"

namespace photo51::backbones {

config::Catalogue<BuildEncoder>& image_encoders() {
  static config::Catalogue<BuildEncoder> table = {
      resnet_row(),       densenet_row(),  efficientnet_row(), efficientnet_lite0_row(),
      convnext_row(),     segresnet_row(), mednext_row(),      basic_unet_row(),
      dynunet_row(),      conv_net_row(),  vit_row(),          swin_row(),
      swin_unetr_row(),   unetr_row(),     coatnet_row(),      maxvit_row(),
      torch_script_row(), exported_row(),
  };
  return table;
}

std::filesystem::path* program_of(config::Choice& encoder) {
  const BuildEncoder* row = image_encoders().find(encoder.name);
  return row == nullptr || row->program == nullptr ? nullptr : row->program(encoder);
}

}  // namespace photo51::backbones

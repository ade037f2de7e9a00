#include "parity/networks/networks.hpp"
#include "photo51/backbones/cnn/efficientnet.hpp"

namespace photo51::backbones {
namespace {

EfficientNetLiteOptions tensorflow_efficientnet() {
  EfficientNetLiteOptions options;
  options.padding = ConvPadding::same;
  options.norm_epsilon = 1e-3;
  return options;
}

EfficientNetOptions efficientnet(std::string_view variant, ConvPadding padding = ConvPadding::symmetric,
                                 double norm_epsilon = 1e-5) {
  EfficientNetOptions options;
  options.variant = named<EfficientNetVariant>(variant);
  options.padding = padding;
  options.norm_epsilon = norm_epsilon;
  return options;
}

const std::vector<NetworkRow> kEfficientNet{
    row("timm_efficientnet_lite0", "timm", kPicture, make_efficientnet_lite0, EfficientNetLiteOptions{}),
    row("timm_tf_efficientnet_lite0", "timm", kPicture, make_efficientnet_lite0, tensorflow_efficientnet()),
    row("torchvision_efficientnet_b0", "torchvision", kPicture, make_efficientnet, efficientnet("b0")),
    row("torchvision_efficientnet_b1", "torchvision", kPicture, make_efficientnet, efficientnet("b1")),
    row("timm_efficientnet_b0", "timm", kPicture, make_efficientnet, efficientnet("b0")),
    row("timm_efficientnet_b2", "timm", kPicture, make_efficientnet, efficientnet("b2")),
    row("timm_tf_efficientnet_b0", "timm", kPicture, make_efficientnet,
        efficientnet("b0", ConvPadding::same, 1e-3)),
    row("timm_efficientnet_lite1", "timm", kPicture, make_efficientnet, efficientnet("lite1")),
    row("timm_efficientnet_lite2", "timm", kPicture, make_efficientnet, efficientnet("lite2")),
    row("monai_efficientnet_b0", "MONAI", kCube, make_efficientnet,
        efficientnet("b0", ConvPadding::static_same, 1e-3)),
    row("monai_efficientnet_b1", "MONAI", kPicture, make_efficientnet,
        efficientnet("b1", ConvPadding::static_same, 1e-3))};

PHOTO51_NETWORK_FAMILY(EfficientNet, kEfficientNet);

}  // namespace
}  // namespace photo51::backbones

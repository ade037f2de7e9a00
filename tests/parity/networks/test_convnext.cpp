#include "parity/networks/networks.hpp"
#include "photo51/backbones/cnn/convnext.hpp"

namespace photo51::backbones {
namespace {

ConvNextOptions convnext(int64_t version, std::string_view variant) {
  ConvNextOptions options;
  options.version = version;
  options.variant = named<ConvNextVariant>(variant);
  return options;
}

ConvNextOptions small_convnext(int64_t version) {
  ConvNextOptions options;
  options.version = version;
  options.depths = {1, 2, 1, 1};
  options.embed_dims = {8, 12, 20, 24};
  options.patch_size = 3;
  options.kernel_size = 5;
  options.norm_epsilon = 1e-5;
  return options;
}

ConvNextOptions unscaled_convnext() {
  ConvNextOptions options = small_convnext(1);
  options.layer_scale = 0;
  return options;
}

const std::vector<NetworkRow> kConvNext{
    row("torchvision_convnext_tiny", "torchvision", kPicture, make_convnext, convnext(1, "tiny")),
    row("timm_convnext_atto", "timm conv_mlp", kPicture, make_convnext, convnext(1, "atto")),
    row("timm_convnextv2_atto", "timm conv_mlp", kPicture, make_convnext, convnext(2, "atto")),
    row("timm_small_convnext", "timm", kPicture, make_convnext, small_convnext(1)),
    row("timm_small_convnext_unscaled", "timm", kPicture, make_convnext, unscaled_convnext()),
    row("timm_small_convnextv2", "timm", kPicture, make_convnext, small_convnext(2))};

PHOTO51_NETWORK_FAMILY(ConvNext, kConvNext);

}  // namespace
}  // namespace photo51::backbones

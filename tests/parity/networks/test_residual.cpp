#include "parity/networks/networks.hpp"
#include "photo51/backbones/cnn/densenet.hpp"
#include "photo51/backbones/cnn/resnet.hpp"

namespace photo51::backbones {
namespace {

ResNetOptions resnet(int64_t depth) {
  ResNetOptions options;
  options.depth = depth;
  return options;
}

ResNetOptions monai_resnet(int64_t depth, int64_t width = 64) {
  ResNetOptions options = resnet(depth);
  options.width = width;
  options.stem_stride = 1;
  options.downsample_bias = true;
  return options;
}

ResNetOptions small_stem_resnet10() {
  ResNetOptions options = monai_resnet(10, 8);
  options.stem = ResNetStem::small;
  return options;
}

ResNetOptions attentive_resnet(int64_t depth, ResNetAttention attention,
                               ResNetStyle style = ResNetStyle::pytorch) {
  ResNetOptions options = resnet(depth);
  options.attention = attention;
  options.style = style;
  return options;
}

ResNetOptions resnet26d() {
  ResNetOptions options = resnet(26);
  options.stem = ResNetStem::deep;
  options.shortcut = ResNetShortcut::average;
  return options;
}

ResNetOptions resnet10_padding() {
  ResNetOptions options = resnet(10);
  options.shortcut = ResNetShortcut::padding;
  return options;
}

ResNetOptions resnet18_group() {
  ResNetOptions options = resnet(18);
  options.norm = "group";
  return options;
}

DenseNetOptions small_densenet(const std::vector<int64_t>& block_config, int64_t growth_rate) {
  return {.block_config = block_config, .growth_rate = growth_rate};
}

const DenseNetOptions kInstanceDenseNet{
    .block_config = {2, 3}, .growth_rate = 8, .init_features = 12, .norm = "instance"};

const std::vector<NetworkRow> kResidual{
    row("torchvision_resnet18", "torchvision", kPicture, make_resnet, resnet(18)),
    row("torchvision_resnet34", "torchvision", kPicture, make_resnet, resnet(34)),
    row("torchvision_resnet50", "torchvision", kPicture, make_resnet, resnet(50)),
    row("timm_resnet18", "timm", kPicture, make_resnet, resnet(18)),
    row("timm_resnet26d", "timm", kPicture, make_resnet, resnet26d()),
    row("timm_resnet18_group", "timm", kPicture, make_resnet, resnet18_group())};

const std::vector<NetworkRow> kResidualAttention{
    row("timm_seresnet18", "timm", kPicture, make_resnet, attentive_resnet(18, ResNetAttention::se)),
    row("timm_resnet18_cbam", "timm", kPicture, make_resnet, attentive_resnet(18, ResNetAttention::cbam)),
    row("timm_legacy_seresnet26", "timm legacy_seresnet", kPicture, make_resnet,
        attentive_resnet(26, ResNetAttention::se, ResNetStyle::caffe)),
    row("monai_seresnet26", "MONAI SEResNet", kVolume, make_resnet,
        attentive_resnet(26, ResNetAttention::se, ResNetStyle::caffe))};

const std::vector<NetworkRow> kResidualVolumes{
    row("monai_resnet18", "MONAI", kVolume, make_resnet, monai_resnet(18)),
    row("monai_resnet50", "MONAI", kVolume, make_resnet, monai_resnet(50, 16)),
    row("monai_resnet10_small_stem", "MONAI", kVolume, make_resnet, small_stem_resnet10()),
    row("monai_resnet10_padding", "MONAI", kVolume, make_resnet, resnet10_padding())};

const std::vector<NetworkRow> kDense{
    row("torchvision_densenet121", "torchvision", kPicture, make_densenet, DenseNetOptions{}),
    row("timm_densenet", "timm", kPicture, make_densenet, small_densenet({2, 3, 2}, 16)),
    row("monai_densenet", "MONAI", kCube, make_densenet, small_densenet({1, 2, 2, 1}, 32)),
    row("monai_densenet_instance", "MONAI", kVolume, make_densenet, kInstanceDenseNet)};

PHOTO51_NETWORK_FAMILY(Residual, kResidual);
PHOTO51_NETWORK_FAMILY(ResidualAttention, kResidualAttention);
PHOTO51_NETWORK_FAMILY(ResidualVolumes, kResidualVolumes);
PHOTO51_NETWORK_FAMILY(Dense, kDense);

}  // namespace
}  // namespace photo51::backbones

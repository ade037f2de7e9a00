#include <utility>

#include "parity/networks/networks.hpp"
#include "photo51/backbones/transformer/swin.hpp"
#include "photo51/backbones/transformer/swin_unetr.hpp"

namespace photo51::backbones {
namespace {

SwinOptions swin(int64_t version, SwinSource source) {
  SwinOptions options;
  options.version = version;
  options.source = source;
  options.embed_dim = 12;
  options.depths = {2, 2, 2};
  options.num_heads = {2, 3, 4};
  options.window_size = {4};
  if (version == 2 && source == SwinSource::timm) options.pretrained_window_size = {3, 3, 0};
  return options;
}
const InputShape kSwinPicture{.channels = 3, .dims = 2, .size = {46, 70}};

SwinUnetrOptions swin_unetr(std::vector<int64_t> window_size) {
  SwinUnetrOptions options;
  options.feature_size = 12;
  options.depths = {2, 2, 1, 1};
  options.num_heads = {2, 3, 4, 4};
  options.window_size = std::move(window_size);
  return options;
}
SwinUnetrOptions swin_unetr_v2() {
  SwinUnetrOptions options = swin_unetr({4, 3, 4});
  options.use_v2 = options.patch_norm = true;
  options.downsample = SwinMerging::mergingv2;
  return options;
}
SwinUnetrOptions whole_swin_unetr() {
  SwinUnetrOptions options = swin_unetr({7});
  options.depths = {1, 1, 1, 1};
  return options;
}
SwinUnetrOptions unnormalized_swin_unetr() {
  SwinUnetrOptions options = swin_unetr({3, 4});
  options.normalize = false;
  return options;
}
const InputShape kSwinPlane{.channels = 2, .dims = 2, .size = {33, 46}};
const InputShape kSwinVolume{.channels = 2, .dims = 3, .size = {18, 20, 34}};

const std::vector<NetworkRow> kSwin{
    row("torchvision_swin", "torchvision", kSwinPicture, make_swin, swin(1, SwinSource::torchvision)),
    row("torchvision_swin_v2", "torchvision", kSwinPicture, make_swin, swin(2, SwinSource::torchvision)),
    row("timm_swin", "timm", kSwinPicture, make_swin, swin(1, SwinSource::timm)),
    row("timm_swin_v2", "timm", kSwinPicture, make_swin, swin(2, SwinSource::timm)),
    row("monai_swin_unetr", "MONAI", kSwinVolume, make_swin_unetr, swin_unetr({4, 3, 4})),
    row("monai_swin_unetr_v2", "MONAI", kSwinVolume, make_swin_unetr, swin_unetr_v2()),
    row("monai_whole_swin_unetr", "MONAI swinViT.", kSwinVolume, make_swin_unetr, whole_swin_unetr()),
    row("monai_swin_unetr_2d", "MONAI", kSwinPlane, make_swin_unetr, swin_unetr({3, 4})),
    row("monai_swin_unetr_unnormalized", "MONAI", kSwinPlane, make_swin_unetr, unnormalized_swin_unetr())};

PHOTO51_NETWORK_FAMILY(Swin, kSwin);

}  // namespace
}  // namespace photo51::backbones

#include <utility>

#include "parity/networks/networks.hpp"
#include "photo51/backbones/cnn/basic_unet.hpp"
#include "photo51/backbones/cnn/dynunet.hpp"
#include "photo51/backbones/cnn/mednext.hpp"
#include "photo51/backbones/cnn/segresnet.hpp"
#include "photo51/backbones/hybrid/unetr.hpp"

namespace photo51::backbones {
namespace {

SegResNetOptions segresnet(const std::string& norm) {
  SegResNetOptions options;
  options.norm = norm;
  return options;
}

SegResNetOptions small_segresnet() {
  SegResNetOptions options = segresnet("batch");
  options.blocks_down = {1, 2, 1};
  return options;
}

MedNextOptions narrow_mednext() {
  MedNextOptions options;
  options.init_filters = 8;
  return options;
}

MedNextOptions small_mednext() {
  MedNextOptions options = narrow_mednext();
  options.kernel_size = 5;
  options.blocks = {1, 2, 1};
  options.expansion_ratio = {2, 3, 4};
  options.residual = false;
  options.global_response_norm = true;
  return options;
}

MedNextOptions authors_mednext() {
  MedNextOptions options = small_mednext();
  options.init_filters = 6;
  options.kernel_size = 3;
  options.residual = true;
  options.norm = MedNextNorm::layer;
  options.down_expansion = MedNextDownExpansion::after;
  return options;
}

UnetrOptions unetr(int64_t patch_size, int64_t depth, std::vector<int64_t> skip_layers) {
  UnetrOptions options;
  options.patch_size = patch_size;
  options.embed_dim = 24;
  options.depth = depth;
  options.num_heads = 3;
  options.mlp_dim = 48;
  options.skip_layers = std::move(skip_layers);
  return options;
}

UnetrOptions monai_vit(VitProjection projection, VitPosition position) {
  UnetrOptions options = unetr(8, 2, {1});
  options.projection = projection;
  options.position = position;
  options.qkv_bias = position == VitPosition::learned;
  options.class_token = true;
  return options;
}

BasicUnetOptions small_basic_unet() {
  BasicUnetOptions options;
  options.features = {8, 8, 16, 16, 32};
  options.norm = "batch";
  options.bias = false;
  return options;
}

DynUnetOptions small_dynunet() {
  DynUnetOptions options;
  options.strides = {"1", "1x2x2", "2", "2x2x1"};
  options.kernels = {"1x3x3", "3", "3x3x5", "3"};
  options.features = {4, 6, 8, 10};
  return options;
}

DynUnetOptions residual_dynunet() {
  DynUnetOptions options;
  options.strides = {"1", "2", "2"};
  options.features = {4, 6, 8};
  options.res_block = true;
  options.norm = "batch";
  return options;
}

const InputShape kPlane{.channels = 2, .dims = 2, .size = {16, 24}};
const InputShape kBox{.channels = 2, .dims = 3, .size = {16, 8, 24}};
const InputShape kPatches{.channels = 2, .dims = 3, .size = {32, 48, 32}};

const std::vector<NetworkRow> kUnet{
    row("monai_segresnet", "MONAI", kVolume, make_segresnet, segresnet("group")),
    row("monai_segresnet_2d_batch", "MONAI", kPlane, make_segresnet, segresnet("batch")),
    row("monai_segresnet_vae", "MONAI", kVolume, make_segresnet, segresnet("group")),
    row("monai_segresnet_ds", "MONAI SegResNetDS", kVolume, make_segresnet, small_segresnet()),
    row("monai_mednext", "MONAI", kVolume, make_mednext, narrow_mednext()),
    row("monai_mednext_2d", "MONAI", kPlane, make_mednext, small_mednext()),
    row("authors_mednext", "MedNeXt", kVolume, make_mednext, authors_mednext()),
    row("monai_unetr", "MONAI", kPatches, make_unetr, unetr(16, 12, {4, 7, 10})),
    row("monai_unetr_vit", "MONAI ViT", kBox, make_unetr,
        monai_vit(VitProjection::conv, VitPosition::learned)),
    row("monai_unetr_vit_perceptron", "MONAI ViT", kBox, make_unetr,
        monai_vit(VitProjection::perceptron, VitPosition::sincos)),
    row("monai_unetr_vit_2d", "MONAI ViT", kPlane, make_unetr,
        monai_vit(VitProjection::perceptron, VitPosition::sincos)),
    row("monai_basic_unet", "MONAI", kPatches, make_basic_unet, BasicUnetOptions{}),
    row("monai_basic_unet_2d_batch", "MONAI", kPlane, make_basic_unet, small_basic_unet()),
    row("monai_dynunet", "MONAI", kVolume, make_dynunet, small_dynunet()),
    row("monai_dynunet_2d_residual", "MONAI", kPlane, make_dynunet, residual_dynunet())};

PHOTO51_NETWORK_FAMILY(Unet, kUnet);

}  // namespace
}  // namespace photo51::backbones

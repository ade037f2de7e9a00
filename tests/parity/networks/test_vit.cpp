#include "parity/networks/networks.hpp"
#include "photo51/backbones/transformer/vit.hpp"

namespace photo51::backbones {
namespace {

const VitOptions kVit{.patch_size = 8, .embed_dim = 24, .depth = 2, .num_heads = 3, .mlp_dim = 48};

const InputShape kVitPicture{.channels = 3, .dims = 2, .size = {32, 48}};

/// kVit with what `change` changes.
NetworkRow vit_network(const std::string& name, const std::string& library, const InputShape& shape,
                       const std::function<void(VitOptions&)>& change) {
  VitOptions options = kVit;
  change(options);
  return row(name, library, shape, make_vit, options);
}

/// Rows that say how a descendant of the ViT differs from kVit.
std::vector<NetworkRow> vit_rows() {
  const auto gated = [](VitOptions& o, PrefixPosition position) {
    o.mlp = nn::PerceptronKind::swiglu;
    o.layer_scale = 1e-5;
    o.register_tokens = 4;
    o.prefix_position = position;
  };
  const auto monai = [](VitOptions& o) {
    o.prefix_position = PrefixPosition::none;
    o.norm_epsilon = 1e-5;
  };
  const auto eva = [](VitOptions& o) {
    o.mlp = nn::PerceptronKind::swiglu;
    o.position = VitPosition::learned_rope;
    o.qkv_bias = nn::QkvBias::query_value;
    o.encoder.pool = TokenPool::mean;
    o.fc_norm = true;
  };
  return {row("torchvision_vit", "torchvision", kPicture, make_vit, kVit),
          row("torchvision_0_12_vit", "torchvision 0.12", kPicture, make_vit, kVit),
          row("timm_vit", "timm", kPicture, make_vit, kVit),
          vit_network("timm_vit_tiny", "timm", kPicture, [](VitOptions& o) { o = {}; }),
          vit_network("timm_vit_mean", "timm", kVitPicture,
                      [](VitOptions& o) {
                        o.encoder.pool = TokenPool::mean;
                        o.fc_norm = true;
                      }),
          vit_network("timm_vit_qk_norm", "timm", kVitPicture,
                      [](VitOptions& o) {
                        o.encoder.pool = TokenPool::mean;
                        o.class_token = false;
                        o.register_tokens = 2;
                        o.position = VitPosition::none;
                        o.qk_norm = true;
                      }),
          vit_network("timm_deit_distilled", "timm", kVitPicture, [](VitOptions& o) { o.distilled = true; }),
          vit_network("timm_dinov2", "timm", kVitPicture, [](VitOptions& o) { o.layer_scale = 1e-5; }),
          vit_network("timm_dinov2_giant", "timm", kVitPicture,
                      [&](VitOptions& o) { gated(o, PrefixPosition::none); }),
          vit_network("timm_eva02_tiny", "timm", {.channels = 3, .dims = 2, .size = {28, 28}},
                      [&](VitOptions& o) {
                        o = {};
                        eva(o);
                        o.patch_size = 14;
                        o.mlp_dim = 512;
                        o.rope.reference = 16;
                      }),
          vit_network("timm_eva", "timm", kVitPicture,
                      [&](VitOptions& o) {
                        eva(o);
                        o.rope.reference = 6;
                      }),
          vit_network("timm_dinov3", "timm", kVitPicture,
                      [](VitOptions& o) {
                        o.encoder.pool = TokenPool::mean;
                        o.layer_scale = 1e-5;
                        o.register_tokens = 4;
                        o.position = VitPosition::rope;
                        o.rope.kind = nn::RotaryKind::dinov3;
                        o.qkv_bias = nn::QkvBias::none;
                        o.norm_epsilon = 1e-5;
                      }),
          vit_network("dinov2_giant", "DINOv2", kVitPicture,
                      [&](VitOptions& o) { gated(o, PrefixPosition::class_token); }),
          vit_network("monai_vit_2d", "MONAI", kVitPicture,
                      [&](VitOptions& o) {
                        monai(o);
                        o.qkv_bias = nn::QkvBias::none;
                      }),
          vit_network("monai_vit", "MONAI", kVolume, [&](VitOptions& o) {
            monai(o);
            o.position = VitPosition::sincos;
          })};
}

PHOTO51_NETWORK_FAMILY(Vit, vit_rows());

}  // namespace
}  // namespace photo51::backbones

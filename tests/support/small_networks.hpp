#pragma once
/// A small network of each architecture, for what holds of all of them.

#include <string>
#include <vector>

#include "photo51/backbones/cnn/basic_unet.hpp"
#include "photo51/backbones/cnn/conv_net.hpp"
#include "photo51/backbones/cnn/convnext.hpp"
#include "photo51/backbones/cnn/densenet.hpp"
#include "photo51/backbones/cnn/dynunet.hpp"
#include "photo51/backbones/cnn/efficientnet.hpp"
#include "photo51/backbones/cnn/mednext.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/cnn/segresnet.hpp"
#include "photo51/backbones/hybrid/coatnet.hpp"
#include "photo51/backbones/hybrid/maxvit.hpp"
#include "photo51/backbones/hybrid/unetr.hpp"
#include "photo51/backbones/transformer/swin.hpp"
#include "photo51/backbones/transformer/swin_unetr.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/config/components.hpp"

namespace photo51::test {

struct SmallNetwork {
  std::string name;
  config::Choice choice;   ///< of a row of `image_encoders`; for images whose edges are multiples of 32
  std::string last_stage;  ///< the module that makes the last stage, or the prefix where there is one
};

inline backbones::HybridSizes small_hybrid() {
  return {.embed_dim = {8, 16, 16, 24}, .depths = {1, 1, 2, 1}, .stem_width = {4, 8}, .dim_head = 8};
}

inline backbones::VitOptions small_vit() {
  return {.patch_size = 8, .embed_dim = 12, .depth = 2, .num_heads = 3, .mlp_dim = 16};
}

inline std::vector<SmallNetwork> small_networks() {
  using namespace backbones;
  ResNetOptions resnet;
  resnet.width = 4;
  ConvNetOptions conv_net;
  conv_net.widths = {4, 6};
  EfficientNetOptions efficientnet;
  efficientnet.channel_multiplier = 0.125;
  ConvNextOptions convnext;
  convnext.depths = {1, 1};
  convnext.embed_dims = {4, 6};
  VitOptions experts = small_vit();
  experts.experts = 2;
  experts.layer_scale = 0.1;
  experts.register_tokens = 2;
  experts.position = VitPosition::learned_rope;
  experts.qkv_bias = nn::QkvBias::query_value;
  experts.distilled = true;
  CoAtNetOptions coatnet;
  coatnet.sizes = small_hybrid();
  MaxVitOptions maxvit;
  maxvit.sizes = small_hybrid();
  SwinOptions swin;
  swin.embed_dim = 12;
  swin.depths = swin.num_heads = {1, 2};
  SwinUnetrOptions swin_unetr;
  swin_unetr.feature_size = 12;
  swin_unetr.depths = swin_unetr.num_heads = {2, 1};
  swin_unetr.normalize = false;
  SegResNetOptions segresnet;
  segresnet.init_filters = 4;
  MedNextOptions mednext;
  mednext.init_filters = 4;
  UnetrOptions unetr;
  unetr.embed_dim = 12;
  unetr.depth = 2;
  unetr.num_heads = 3;
  unetr.mlp_dim = 16;
  unetr.skip_layers = {1};
  BasicUnetOptions basic_unet;
  basic_unet.features = {4, 6};
  DynUnetOptions dynunet;
  dynunet.strides = {"1", "2", "2"};
  dynunet.features = {4, 6, 8};
  const DenseNetOptions densenet{.block_config = {1, 2}, .growth_rate = 4};
  return {{"resnet", config::choose("resnet", resnet), "layer4"},
          {"densenet", config::choose("densenet", densenet), "features.norm5"},
          {"efficientnet", config::choose("efficientnet", efficientnet), "bn2"},
          {"efficientnet_lite0", config::choose<EfficientNetLiteOptions>("efficientnet_lite0"), "bn2"},
          {"convnext", config::choose("convnext", convnext), "stages.1"},
          {"segresnet", config::choose("segresnet", segresnet), "down_layers.3"},
          {"mednext", config::choose("mednext", mednext), "bottleneck"},
          {"basic_unet", config::choose("basic_unet", basic_unet), "down_1"},
          {"dynunet", config::choose("dynunet", dynunet), "bottleneck"},
          {"conv_net", config::choose("conv_net", conv_net), "stage2"},
          {"vit", config::choose("vit", small_vit()), "encoder.ln"},
          {"vit of experts", config::choose("vit", experts), "encoder.ln"},
          {"swin", config::choose("swin", swin), "norm"},
          {"swin_unetr", config::choose("swin_unetr", swin_unetr), "layers2.0"},
          {"unetr", config::choose("unetr", unetr), "encoder.ln"},
          {"coatnet", config::choose("coatnet", coatnet), "norm"},
          {"maxvit", config::choose("maxvit", maxvit), "stages.3"}};
}

}  // namespace photo51::test

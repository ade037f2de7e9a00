#pragma once
/// A small encoder and decoder for each row of `decoders`, and for each way of one that computes otherwise.

#include <string>
#include <utility>
#include <vector>

#include "photo51/backbones/cnn/dynunet.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "support/small_networks.hpp"

namespace photo51::test {

struct SmallDecoder {
  std::string variant;  ///< of a decoder that stands here several times
  config::Choice encoder, decoder;
};

inline backbones::DynUnetOptions small_dynunet() {
  backbones::DynUnetOptions options;
  options.strides = {"1", "2", "2", "2"};
  options.features = {4, 6, 6, 8};
  return options;
}

/// For images whose edges are multiples of 32.
inline std::vector<SmallDecoder> small_decoders() {
  using namespace backbones;
  const auto encoder = [](const std::string& name) {
    for (const auto& small : small_networks())
      if (small.name == name) return small.choice;
    return config::Choice{};
  };
  const auto dynunet = config::choose("dynunet", small_dynunet());
  DynUnetOptions residual = small_dynunet();
  residual.res_block = true;
  residual.norm = "batch";
  SegResNetOptions segresnet;
  segresnet.init_filters = 4;
  segresnet.blocks_down = {1, 1, 1};
  UnetrOptions unetr;
  unetr.patch_size = 4;
  unetr.embed_dim = 12;
  unetr.depth = 2;
  unetr.num_heads = 3;
  unetr.mlp_dim = 16;
  unetr.skip_layers = {1};
  SwinUnetrOptions swin;
  swin.feature_size = 12;
  swin.depths = {1, 1};
  swin.num_heads = {2, 1};
  swin.window_size = {3};
  UnetDecoderOptions learned;
  learned.upsampling = Upsampling::deconv;
  learned.features = {3, 4};
  learned.kernels = {"3"};
  learned.convolutions = 1;
  learned.deep_supervision = 1;
  return {
      {"", encoder("conv_net"), config::choose("auto")},
      {"", encoder("resnet"), config::choose("unet", UnetDecoderOptions{.max_features = 6})},
      {"deconv", encoder("conv_net"), config::choose("unet", learned)},
      {"", encoder("basic_unet"), config::choose<BasicUnetDecoderOptions>("basic_unet")},
      {"", dynunet, config::choose<DynUnetDecoderOptions>("dynunet")},
      {"residual", config::choose("dynunet", residual),
       config::choose("dynunet", DynUnetDecoderOptions{.deep_supervision = 0, .bias = true})},
      {"", config::choose("segresnet", segresnet), config::choose<SegResNetDecoderOptions>("segresnet")},
      {"", config::choose("unetr", unetr), config::choose("unetr", UnetrDecoderOptions{.feature_size = 4})},
      {"plain", config::choose("unetr", unetr),
       config::choose(
           "unetr",
           UnetrDecoderOptions{.feature_size = 4, .affine = true, .conv_block = false, .res_block = false})},
      {"", config::choose("swin_unetr", swin), config::choose<SwinUnetrDecoderOptions>("swin_unetr")}};
}

}  // namespace photo51::test

#pragma once
/// ConvNeXt (Liu et al., A ConvNet for the 2020s, CVPR 2022) and, with version: 2, ConvNeXt V2 (Woo et al.,
/// CVPR 2023: global response norm in the perceptrons, no layer scale), 2D or 3D, with timm's parameter names
/// and layouts; of timm's two forms of the perceptron (`conv_mlp`) the one of linear layers.
///
///   torchvision, timm convnext_tiny  {}
///   timm convnextv2_atto             {version: 2, variant: atto}

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

enum class ConvNextVariant { atto, femto, pico, nano, tiny, small, base, large, xlarge, huge };
std::span<const std::string_view> enum_names(ConvNextVariant);

struct ConvNextOptions {
  int64_t version = 1;
  ConvNextVariant variant = ConvNextVariant::tiny;
  std::vector<int64_t> depths;      ///< blocks of each stage; empty: the variant's
  std::vector<int64_t> embed_dims;  ///< channels of each stage; empty: the variant's
  int64_t patch_size = 4;           ///< of the stem
  int64_t kernel_size = 7;          ///< of the blocks' convolutions, odd
  double layer_scale = 1e-6;        ///< where version 1 begins; 0 = none
  double drop_path = 0;             ///< of the last block; 0 at the first, in equal steps
  double norm_epsilon = 1e-6;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, ConvNextOptions& o);

/// Four stages, at a 4th to a 32nd of the size, as they come from the blocks. With `classes` > 0 a norm
/// `head.norm` after pooling and a classifier `head.fc` are added, which only `logits` uses. Errors (usage):
/// depths and embed_dims are not as many; the images are too small to be halved that often.
std::shared_ptr<Backbone> make_convnext(const ConvNextOptions& options, const InputShape& shape,
                                        int64_t classes = 0);
EncoderRow convnext_row();

}  // namespace photo51::backbones

#pragma once
/// ResNet (He et al., Deep residual learning, CVPR 2016) in 2D with torchvision's parameter names and
/// layouts, which are timm's, and in 3D with MONAI's, the same names. In its blocks squeeze-and-excitation
/// (nn/layers/squeeze_excitation.hpp) or CBAM (nn/layers/cbam.hpp), between them non-local blocks
/// (nn/layers/non_local.hpp).
///
///   torchvision, timm resnet18      {depth: 18}
///   timm resnet50d                  {depth: 50, stem: deep, shortcut: average}
///   timm seresnet50                 {depth: 50, attention: se}
///   timm legacy_seresnet50          {depth: 50, attention: se, style: caffe}
///   MONAI SEResNet50                {depth: 50, attention: se, style: caffe}
///   MONAI resnet18, spatial_dims=3  {depth: 18, stem_stride: 1, downsample_bias: true}
///   MedicalNet, as MONAI has it     {depth: 50} and {depth: 18, shortcut: padding}, 34 as well
///   timm resnet50 with block_args=dict(attn_layer='cbam')  {depth: 50, attention: cbam}

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

/// standard: 7-wide convolution and max pool; small: 3-wide, no pool; deep: three 3-wide ones and max pool
/// (He et al., Bag of tricks, CVPR 2019).
enum class ResNetStem { standard, small, deep };
std::span<const std::string_view> enum_names(ResNetStem);

/// How a block's input gets the shape of its output. projection: 1-wide convolution with the stride; average:
/// mean over 2, then the convolution without stride (Bag of tricks); padding: every second place, channels of
/// zeros, no parameters (the original's A).
enum class ResNetShortcut { projection, average, padding };
std::span<const std::string_view> enum_names(ResNetShortcut);

/// pytorch: bottlenecks have their stride in the 3-wide convolution; caffe, as the paper: in the first one,
/// and the stem's pool rounds its size up where pytorch's pads.
enum class ResNetStyle { pytorch, caffe };
std::span<const std::string_view> enum_names(ResNetStyle);

/// At the end of each block, before its shortcut is added.
enum class ResNetAttention { none, se, cbam };
std::span<const std::string_view> enum_names(ResNetAttention);

struct ResNetOptions {
  int64_t depth = 18;          ///< 10, 18, 34: basic blocks; 26, 50, 101, 152, 200: bottlenecks
  int64_t width = 64;          ///< channels of the first stage; each further stage doubles them
  std::string norm = "batch";  ///< a row of nn::norms: batch, instance, group, layer
  ResNetStem stem = ResNetStem::standard;
  int64_t stem_stride = 2;
  ResNetStyle style = ResNetStyle::pytorch;
  ResNetShortcut shortcut = ResNetShortcut::projection;
  bool downsample_bias = false;
  ResNetAttention attention = ResNetAttention::none;
  bool non_local = false;  ///< two non-local blocks in the second stage and three in the third, evenly
  double drop_path = 0;    ///< of the last block; those before it have less, the first none
  ImageEncoderOptions encoder = {};
};
void describe(config::Fields& f, ResNetOptions& o);

/// Four stages, at a 4th to a 32nd of the size (standard stem with stride 2). With `classes` > 0 a classifier
/// `fc` is added, which only `logits` uses. Error (usage): there is no such depth.
std::shared_ptr<Backbone> make_resnet(const ResNetOptions& options, const InputShape& shape,
                                      int64_t classes = 0);
EncoderRow resnet_row();

}  // namespace photo51::backbones

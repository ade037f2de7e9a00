#pragma once
/// ResNet 18/34/50 (He et al., Deep residual learning, CVPR 2016; bottlenecks with the stride in the middle
/// convolution) in 2D with torchvision's parameter names and layouts, which are timm's, and in 3D with
/// MONAI's, the same names.
///
///   torchvision, timm resnet18      {depth: 18}
///   MONAI resnet18, spatial_dims=3  {depth: 18, stem_stride: 1, downsample_bias: true}

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

/// standard: 7-wide convolution and max pool; small: 3-wide, no pool.
enum class ResNetStem { standard, small };
std::span<const std::string_view> enum_names(ResNetStem);

struct ResNetOptions {
  int64_t depth = 18;          ///< 18, 34, 50
  int64_t width = 64;          ///< channels of the first stage; each further stage doubles them
  std::string norm = "batch";  ///< a row of nn::norms: batch, instance, group, layer
  ResNetStem stem = ResNetStem::standard;
  int64_t stem_stride = 2;
  bool downsample_bias = false;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, ResNetOptions& o);

/// Four stages, at a 4th to a 32nd of the size (standard stem with stride 2). With `classes` > 0 a classifier
/// `fc` is added, which only `logits` uses.
std::shared_ptr<Backbone> make_resnet(const ResNetOptions& options, const InputShape& shape,
                                      int64_t classes = 0);
EncoderRow resnet_row();

}  // namespace photo51::backbones

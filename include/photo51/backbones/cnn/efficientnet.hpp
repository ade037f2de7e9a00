#pragma once
/// EfficientNet B0 to B4 (Tan and Le, EfficientNet, ICML 2019) and EfficientNet-Lite0 to 2 (Liu et al.,
/// Higher accuracy on vision models with EfficientNet-Lite, 2020: the same without squeeze-and-excitation,
/// with ReLU6 for SiLU, and with stem, first stage, last stage and head that do not grow), 2D or 3D, with
/// timm's parameter names and layouts.
///
///   timm efficientnet_b0, efficientnet_lite0, torchvision  {variant: b0}, {variant: lite0}
///   timm tf_efficientnet_b0, tf_efficientnet_lite0         {padding: same, norm_epsilon: 0.001}
///   MONAI EfficientNetBN                                   {padding: static, norm_epsilon: 0.001}

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

enum class EfficientNetVariant { b0, b1, b2, b3, b4, lite0, lite1, lite2 };
std::span<const std::string_view> enum_names(EfficientNetVariant);

/// same: TensorFlow's, uneven where the stride is 2; static_same (`static`): MONAI's, what `same` is for the
/// image size that the variant was published with (224, 240, 260, 300, 380), whatever the size.
enum class ConvPadding { symmetric, same, static_same };
std::span<const std::string_view> enum_names(ConvPadding);

/// The multipliers' names are timm's.
struct EfficientNetOptions {
  EfficientNetVariant variant = EfficientNetVariant::b0;
  double channel_multiplier = 0;  ///< of B0's channels, rounded to eights; 0 = the variant's
  double depth_multiplier = 0;    ///< of B0's blocks, rounded up; 0 = the variant's
  int64_t stem_stride = 2;
  double drop_path = 0;        ///< of the block after the last; 0 at the first, in equal steps
  std::string norm = "batch";  ///< a row of nn::norms: batch, instance, group, layer
  double norm_epsilon = 1e-5;  ///< 1e-3 for weights that come from TensorFlow
  ConvPadding padding = ConvPadding::symmetric;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, EfficientNetOptions& o);

/// Five stages, at a half to a 32nd of the size (stem with stride 2); the last is that of the head, B0's
/// [B, 1280, H / 32, W / 32]. With `classes` > 0 a `classifier` is added, which only `logits` uses. Error
/// (usage): `padding: static` of an image that it leaves smaller than a kernel.
std::shared_ptr<Backbone> make_efficientnet(const EfficientNetOptions& options, const InputShape& shape,
                                            int64_t classes = 0);
EncoderRow efficientnet_row();

/// Lite0 alone, by a name of its own.
struct EfficientNetLiteOptions {
  double norm_epsilon = 1e-5;
  ConvPadding padding = ConvPadding::symmetric;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, EfficientNetLiteOptions& o);

std::shared_ptr<Backbone> make_efficientnet_lite0(const EfficientNetLiteOptions& options,
                                                  const InputShape& shape, int64_t classes = 0);
EncoderRow efficientnet_lite0_row();

}  // namespace photo51::backbones

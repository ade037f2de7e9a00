#pragma once
/// EfficientNet-Lite0 in 2D (Liu et al., Higher accuracy on vision models with EfficientNet-Lite, 2020; Tan
/// and Le, EfficientNet, ICML 2019, without squeeze-and-excitation and with ReLU6), with timm's parameter
/// names and layouts (`efficientnet_lite0`; with padding: same and norm_epsilon: 1e-3
/// `tf_efficientnet_lite0`).

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

/// same: TensorFlow's, uneven where the stride is 2.
enum class ConvPadding { symmetric, same };
std::span<const std::string_view> enum_names(ConvPadding);

struct EfficientNetLiteOptions {
  double norm_epsilon = 1e-5;  ///< 1e-3 for weights that come from TensorFlow
  ConvPadding padding = ConvPadding::symmetric;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, EfficientNetLiteOptions& o);

/// Five stages, at a half to a 32nd of the size; the last is that of the head, [B, 1280, H / 32, W / 32].
/// With `classes` > 0 a `classifier` is added, which only `logits` uses. Error (usage): the images are not
/// 2D.
std::shared_ptr<Backbone> make_efficientnet_lite0(const EfficientNetLiteOptions& options,
                                                  const InputShape& shape, int64_t classes = 0);
EncoderRow efficientnet_lite0_row();

}  // namespace photo51::backbones

#pragma once
/// The options of the image encoders.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::backbones {

/// How the instances of a bag become one token (backbones/mil/bag_pool.hpp).
struct BagPoolOptions {
  std::string pool = "mean";  ///< mean, max, attention
  int64_t attention_width = 128;
  bool view_embedding = false;  ///< adds a learned vector of its view to each instance
  int64_t chunk = 64;           ///< instances encoded at once where no gradient is needed
};

/// What all image encoders share: what becomes of the backbone's feature map.
struct ImageEncoderOptions {
  std::string pool = "mean";  ///< mean: one token; none: a token a place; class: the ViT's class token
  double dropout = 0;         ///< of the tokens' features
  bool channel_present =
      false;  ///< appends which channels (bags: views) the case has, as 0/1, to every token
  std::filesystem::path weights;
  int64_t dims = 0;  ///< 2 or 3, checked against the input; 0 = whatever the input has
  BagPoolOptions bag = {};
};

/// He et al., Deep residual learning, CVPR 2016.
struct ResNetOptions {
  int64_t depth = 18;             ///< 18, 34, 50
  int64_t width = 64;             ///< channels of the first stage; each further stage doubles them
  std::string norm = "batch";     ///< batch, instance, group
  std::string stem = "standard";  ///< standard: 7-wide convolution and max pool; small: 3-wide, no pool
  int64_t stem_stride = 2;
  bool downsample_bias = false;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, ResNetOptions& o);

/// Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021; the names are timm's.
struct VitOptions {
  int64_t patch_size = 16;
  int64_t embed_dim = 192;
  int64_t depth = 12;
  int64_t num_heads = 3;
  int64_t mlp_dim = 768;
  double dropout = 0;  ///< inside the layers; of the tokens that come out: `encoder.dropout`
  double attention_dropout = 0;
  ImageEncoderOptions encoder{.pool = "class", .weights = {}};
};
void describe(config::Fields& f, VitOptions& o);

/// Liu et al., Higher accuracy on vision models with EfficientNet-Lite, 2020 (Tan and Le, EfficientNet, ICML
/// 2019, without squeeze-and-excitation and with ReLU6).
struct EfficientNetLiteOptions {
  double norm_epsilon = 1e-5;         ///< 1e-3 for weights that come from TensorFlow
  std::string padding = "symmetric";  ///< or same: TensorFlow's, uneven where the stride is 2
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, EfficientNetLiteOptions& o);

/// A plain stack of convolution, norm, ReLU and max pool, for cohorts of tens of patients.
struct ConvNetOptions {
  std::vector<int64_t> widths{8, 16, 32, 64};  ///< channels of each stage; each stage halves the image
  int64_t convolutions = 1;                    ///< a stage
  std::string norm = "batch";
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, ConvNetOptions& o);

}  // namespace photo51::backbones

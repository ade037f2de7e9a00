#pragma once
/// What a config may choose of the decoders, without torch. Names are MONAI's where MONAI has the decoder;
/// what the encoder of the same name says already (norm, dropout, kernels) is taken from there.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::backbones {

/// How a map becomes larger: linear interpolation, or a transposed convolution as wide as its stride.
enum class Upsampling { linear, deconv };
std::span<const std::string_view> enum_names(Upsampling);

/// Behind any encoder.
struct UnetDecoderOptions {
  /// Channels of each level, finest first; empty: those of the encoder's stages, and beyond the first stage
  /// half as many for each doubling.
  std::vector<int64_t> features{};
  int64_t max_features = 256;          ///< of a level whose channels follow from the encoder's
  int64_t convolutions = 2;            ///< a level
  std::vector<std::string> kernels{};  ///< of the stages' levels, finest first: "1x3x3", "3"; empty: 3
  std::string norm = "instance";       ///< a row of nn::norms
  Upsampling upsampling = Upsampling::linear;
  bool image_skip = true;        ///< the image itself joins its level, where the first stage is coarser
  int64_t deep_supervision = 0;  ///< coarser levels that have logits in training
};
void describe(config::Fields& f, UnetDecoderOptions& o);

struct BasicUnetDecoderOptions {
  int64_t last_features = 0;  ///< of the finest level, MONAI's sixth of `features`; 0: as the first stage
};
void describe(config::Fields& f, BasicUnetDecoderOptions& o);

struct DynUnetDecoderOptions {
  /// Coarser levels that have logits in training (MONAI's `deep_supr_num`); not given: all but the coarsest,
  /// as nnU-Net weights them.
  std::optional<int64_t> deep_supervision{};
  bool bias = false;  ///< of the transposed convolutions, MONAI's `trans_bias`
};
void describe(config::Fields& f, DynUnetDecoderOptions& o);

struct SegResNetDecoderOptions {
  std::vector<int64_t> blocks_up{};  ///< residual blocks of each level, coarsest first; empty: one each
  Upsampling upsampling = Upsampling::linear;  ///< MONAI's `nontrainable` and `deconv`
};
void describe(config::Fields& f, SegResNetDecoderOptions& o);

struct UnetrDecoderOptions {
  int64_t feature_size = 16;      ///< of the finest level; each coarser one has twice as many
  std::string norm = "instance";  ///< a row of nn::norms
  bool affine = false;            ///< instance norms have weights
  bool conv_block = true;         ///< blocks between the transposed convolutions of a skip
  bool res_block = true;          ///< the blocks are residual
};
void describe(config::Fields& f, UnetrDecoderOptions& o);

struct SwinUnetrDecoderOptions {
  std::string norm = "instance";
  bool affine = false;
};
void describe(config::Fields& f, SwinUnetrDecoderOptions& o);

}  // namespace photo51::backbones

#pragma once
/// The encoder of MedNeXt (Roy et al., MedNeXt: Transformer-driven scaling of ConvNets for medical image
/// segmentation, MICCAI 2023), 2D or 3D, with MONAI's parameter names and layouts: ConvNeXt's blocks
/// (depthwise convolution, norm, expansion by a 1-wide convolution, GELU, compression), and between stages
/// such blocks with stride 2.
///
///   MONAI MedNeXtS, kernel_size=5                   {variant: s, kernel_size: 5}
///   the authors' create_mednext_v1(..., "B")        {variant: b, down_expansion: after}

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

/// s, b, m, l, as published.
enum class MedNextVariant { small, base, medium, large };
std::span<const std::string_view> enum_names(MedNextVariant);

/// group: each channel of a case on its own; layer: a case's channels at each place.
enum class MedNextNorm { group, layer };
std::span<const std::string_view> enum_names(MedNextNorm);

/// The expansion of a halving block is that of the stage before (MONAI) or after it (the authors' code);
/// variant s has the same either way.
enum class MedNextDownExpansion { before, after };
std::span<const std::string_view> enum_names(MedNextDownExpansion);

struct MedNextOptions {
  MedNextVariant variant = MedNextVariant::small;
  std::vector<int64_t> blocks;           ///< of each stage, the bottleneck last; empty: the variant's
  std::vector<int64_t> expansion_ratio;  ///< of each stage, the bottleneck last; empty: the variant's
  int64_t init_filters = 32;             ///< channels of the first stage; each further stage doubles them
  int64_t kernel_size = 3;               ///< of the depthwise convolutions; published: 3 and 5
  bool residual = true;
  MedNextNorm norm = MedNextNorm::group;
  bool global_response_norm = false;  ///< ConvNeXt v2's, in the blocks with stride 1
  MedNextDownExpansion down_expansion = MedNextDownExpansion::before;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, MedNextOptions& o);

/// Its stages, which are the skips of MedNeXt's decoder and the bottleneck: at the full size, a half, ... of
/// it, rounded up. With `classes` > 0 a classifier `fc` is added, which only `logits` uses. Of files with the
/// whole network the decoder (`up_blocks`, `dec_stages`, `out_0`, `out_blocks`; by the authors' names `up_*`,
/// `dec_block_*`, `out_*`) is left out. Error (usage): `blocks` and `expansion_ratio` are of different
/// lengths.
std::shared_ptr<Backbone> make_mednext(const MedNextOptions& options, const InputShape& shape,
                                       int64_t classes = 0);
EncoderRow mednext_row();

}  // namespace photo51::backbones

#pragma once
/// The encoder of Swin UNETR (Hatamizadeh et al., Swin UNETR: Swin transformers for semantic segmentation of
/// brain tumors in MRI images, BrainLes 2021; version 2 with convolutions before each stage: He et al.,
/// SwinUNETR-V2, MICCAI 2023): the shifted-window transformer of `swin` as MONAI has it, 3D or 2D, with
/// MONAI's parameter names and layouts.
///
///   MONAI SwinUNETR(feature_size=48)          {feature_size: 48}
///   ... trained with MONAI up to 1.4          {feature_size: 48, downsample: merging_1_4}
///   ... use_v2=True, downsample="mergingv2"   {feature_size: 48, use_v2: true, downsample: mergingv2}
///
/// It takes the files of the whole Swin UNETR, whose decoder is left out, of its transformer alone, and of
/// the self-supervised pretraining (`module.`, `swin_vit.`, `fc1` for `linear1`).
///
/// Images that are no multiple of the patch get zeros at the far ends, so do maps that are no multiple of the
/// window; no window is larger than its map. MONAI's decoder, not this encoder, needs edges that are
/// multiples of patch^5. Places of 2 an axis are merged in the order of `downsample`:
///
///   merging      000, 100, 010, 001, 110, 101, 011, 111 (z, y, x), as MONAI since 1.5
///   merging_1_4  000, 100, 010, 001, 101, 010, 001, 111: two twice and two never, as MONAI up to 1.4, with
///                which the published weights were trained
///   mergingv2    x fastest
///
/// In 2D all are y fastest.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

enum class SwinMerging { merging, merging_1_4, mergingv2 };
std::span<const std::string_view> enum_names(SwinMerging);

/// The names are MONAI's.
struct SwinUnetrOptions {
  std::vector<int64_t> patch_size{2};  ///< one edge, or one an axis
  int64_t feature_size = 24;
  std::vector<int64_t> depths{2, 2, 2, 2}, num_heads{3, 6, 12, 24};  ///< a stage
  std::vector<int64_t> window_size{7};                               ///< as `patch_size`
  double mlp_ratio = 4;
  bool patch_norm = false;  ///< of the tokens of patches
  bool normalize = true;    ///< of what a stage gives to the decoder, or here to `Features`
  bool use_v2 = false;      ///< two convolutions with a shortcut before each stage
  SwinMerging downsample = SwinMerging::merging;
  double dropout = 0;  ///< inside the network; of the tokens that come out: `encoder.dropout`
  double attention_dropout = 0;
  double drop_path = 0;  ///< of the last block; 0 at the first, in equal steps
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, SwinUnetrOptions& o);

/// The patches at 1 / patch of the size, rounded up, and behind each of `depths` a map of half the size,
/// rounded up, and twice the channels. With `normalize` each place of these is normalised over its channels,
/// without weights, as the originals' decoder is given them; what goes on to the next stage is not. With
/// `classes` > 0 a classifier `head` is added, which the original has not. Errors (usage): those of
/// `make_swin`.
std::shared_ptr<Backbone> make_swin_unetr(const SwinUnetrOptions& options, const InputShape& shape,
                                          int64_t classes = 0);
EncoderRow swin_unetr_row();

}  // namespace photo51::backbones

#pragma once
/// Shifted-window transformer (Liu et al., Swin transformer, ICCV 2021) and version 2 of it (Swin transformer
/// V2, CVPR 2022: cosine attention, positions by a perceptron, norms at the ends of the branches), in 2D with
/// torchvision's parameter names and layouts or with timm's names; in 3D patches, windows and merging have a
/// depth as well and nothing else differs. MONAI's, in 3D, is `swin_unetr`.
///
///   torchvision swin_t, swin_v2_t              {variant: tiny}, {variant: tiny, version: 2}
///   timm swin_tiny_patch4_window7_224          {variant: tiny, source: timm}
///   timm swinv2_tiny_window8_256               {variant: tiny, version: 2, source: timm}
///   timm swinv2_base_window12to16_192to256     {variant: base, version: 2, source: timm, window_size: [16],
///                                               pretrained_window_size: [12, 12, 12, 6]}
///
/// An image's rest beyond a multiple of the patch is left out, and a map of odd size is merged with zeros
/// beyond its end. What becomes of maps that are no multiple of the window, says `source`: torchvision keeps
/// the window and adds zeros before the shift; timm adds them after it, and cuts windows to the maps that
/// images of the input's `preprocess.size` give, with smaller tables of positions. Where all maps are such
/// multiples, the two are the same, and the weights of either load into both.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

/// The published sizes; t, s, b and l are the same for short.
///
///          embed_dim  depths         num_heads
///   tiny   96         2, 2, 6, 2     3, 6, 12, 24
///   small  96         2, 2, 18, 2    3, 6, 12, 24
///   base   128        2, 2, 18, 2    4, 8, 16, 32
///   large  192        2, 2, 18, 2    6, 12, 24, 48
enum class SwinVariant { tiny, small, base, large, t, s, b, l };
std::span<const std::string_view> enum_names(SwinVariant);

enum class SwinSource { torchvision, timm };
std::span<const std::string_view> enum_names(SwinSource);

/// The names are timm's.
struct SwinOptions {
  SwinVariant variant = SwinVariant::tiny;
  int64_t version = 1;  ///< 1 or 2
  SwinSource source = SwinSource::torchvision;
  std::vector<int64_t> patch_size{4};             ///< one edge, or one an axis
  int64_t embed_dim = 0;                          ///< 0: the variant's
  std::vector<int64_t> depths{}, num_heads{};     ///< a stage; empty: the variant's
  std::vector<int64_t> window_size{};             ///< as `patch_size`; empty: 7, of version 2 8
  std::vector<int64_t> pretrained_window_size{};  ///< a stage, version 2; empty or 0: the window itself
  double mlp_ratio = 4;
  double dropout = 0;  ///< inside the blocks; of the tokens that come out: `encoder.dropout`
  double attention_dropout = 0;
  double drop_path = 0;  ///< of the last block; 0 at the first, in equal steps
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, SwinOptions& o);

/// A stage for each of `depths`, at 1 / patch of the size, and each further one at half of it, rounded up;
/// the last is normalised. With `classes` > 0 a classifier `head` is added, which only `logits` uses. Errors
/// (usage): a list that is not as long as it should be, heads that do not divide the width.
std::shared_ptr<Backbone> make_swin(const SwinOptions& options, const InputShape& shape, int64_t classes = 0);
EncoderRow swin_row();

}  // namespace photo51::backbones

#pragma once
/// Vision transformer (Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021) and its descendants,
/// with torchvision's parameter names and layouts in 2D, or with the names of timm, of DINOv2's own files and
/// of MONAI; in 3D the patches have a depth as well and nothing else differs.
///
///   torchvision vit_b_16, timm vit_base_patch16_224, deit_base_patch16_224   {variant: b16}
///   timm deit_tiny_distilled_patch16_224       {variant: t16, distilled: true}
///   timm deit3_small_patch16_224    {variant: s16, prefix_position: none, layer_scale: 1e-6}
///   timm vit_small_patch14_dinov2   {variant: s14, layer_scale: 1e-5}
///   timm vit_giant_patch14_reg4_dinov2         {variant: g14, mlp: swiglu, layer_scale: 1e-5,
///                                    register_tokens: 4, prefix_position: none}
///   DINOv2's dinov2_vitg14_reg      the same with prefix_position: class
///   timm eva02_tiny_patch14_224     {variant: t16, patch_size: 14, mlp_dim: 512, mlp: swiglu, pool: mean,
///                                    fc_norm: true, position: learned_rope, rope_reference: 16,
///                                    qkv_bias: query_value}
///   timm vit_small_patch16_dinov3   {variant: s16, layer_scale: 1e-5, register_tokens: 4, pool: mean,
///                                    position: rope, rope: dinov3, qkv_bias: none, norm_epsilon: 1e-5}
///   MONAI ViT(classification=True), in 2D or 3D     {variant: b16, prefix_position: none, qkv_bias: none,
///                                    norm_epsilon: 1e-5, post_activation: tanh}

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/nn/layers/attention_options.hpp"
#include "photo51/nn/layers/perceptron_kind.hpp"

namespace photo51::backbones {

/// Sizes: tiny (192 features), small (384), base (768), large (1024), huge (1280), giant (1536; DINOv2's,
/// whose perceptron is SwiGLU), and the edge of a patch.
enum class VitVariant { t16, s8, s14, s16, s32, b8, b14, b16, b32, l14, l16, l32, h14, h16, g14 };
std::span<const std::string_view> enum_names(VitVariant);

/// learned: a vector a place (nn/layers/learned_position.hpp); sincos: the same, fixed
/// (nn/layers/sincos_position.hpp); rope: nn/layers/rotary.hpp; learned_rope: both.
enum class VitPosition { learned, sincos, rope, learned_rope, none };
std::span<const std::string_view> enum_names(VitPosition);

/// Which of the prefix tokens have a learned position (of sincos one of zeros) as well. class_token
/// (`class`): those of class and distillation, not the registers.
enum class PrefixPosition { all, class_token, none };
std::span<const std::string_view> enum_names(PrefixPosition);

/// How files by MONAI's names keep the projection of patches: conv, as we do; perceptron: the same weights as
/// a matrix [D, voxels of a patch x C], channels fastest.
enum class VitProjection { conv, perceptron };
std::span<const std::string_view> enum_names(VitProjection);

/// What the classifier's logits pass through. MONAI has a tanh.
enum class PostActivation { none, tanh };
std::span<const std::string_view> enum_names(PostActivation);

/// The names are timm's where it has one, else MONAI's.
struct VitOptions {
  VitVariant variant = VitVariant::t16;
  std::optional<int64_t> patch_size{}, embed_dim{}, depth{}, num_heads{};  ///< else the variant's
  std::optional<int64_t> mlp_dim{};  ///< features that enter a perceptron's second layer
  VitProjection projection = VitProjection::conv;
  bool class_token = true;
  bool distilled = false;  ///< a token and a classifier of distillation (Touvron et al., DeiT, ICML 2021)
  int64_t register_tokens = 0;  ///< Darcet et al., Vision transformers need registers, ICLR 2024
  VitPosition position = VitPosition::learned;
  PrefixPosition prefix_position = PrefixPosition::all;
  nn::RotaryOptions rope{};
  nn::PerceptronKind mlp = nn::PerceptronKind::gelu;
  nn::QkvBias qkv_bias = nn::QkvBias::all;
  bool qk_norm = false;
  double layer_scale = 0;  ///< what the factors of residual branches begin with (nn/layers/layer_scale.hpp)
  double norm_epsilon = 1e-6;
  bool fc_norm = false;  ///< the last norm is of the pooled token instead of each
  double drop_path = 0;  ///< of the last layer, from 0 in the first (nn/layers/drop_path.hpp)
  double dropout = 0;    ///< inside the layers; of the tokens that come out: `encoder.dropout`
  double attention_dropout = 0;
  int64_t experts = 0;  ///< a perceptron each (nn/layers/mixture_of_experts.hpp); 0: no mixture
  int64_t experts_per_token = 2;
  double balance_weight = 0.01;  ///< of the loss `balance`, the mean over the layers
  /// After which layers, counted from 1, hidden states are stages before the last, ascending.
  std::vector<int64_t> out_layers{};
  PostActivation post_activation = PostActivation::none;
  ImageEncoderOptions encoder{.pool = TokenPool::class_token, .weights = {}};
};
void describe(config::Fields& f, VitOptions& o);

/// A stage for each of `out_layers` and one of what comes out, all with a place a patch, and as prefix the
/// class token, that of distillation and the registers, as far as there are such. The last norm is of the
/// last stage and the prefix, with `fc_norm` of neither. With `classes` > 0 a classifier `heads.head` is
/// added (and `heads.head_dist`, whose logits are averaged with its), which only `logits` uses: it sees the
/// class token or, with `pool: mean` or without a class token, the mean. Errors (usage): the images' size is
/// unknown or is not a multiple of the patch; `position: sincos` and a width that the axes do not divide;
/// `out_layers` that are not ascending or not below the depth; heads that do not divide the width.
std::shared_ptr<Backbone> make_vit(const VitOptions& options, const InputShape& shape, int64_t classes = 0);
EncoderRow vit_row();

}  // namespace photo51::backbones

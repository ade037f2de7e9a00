#include <algorithm>
#include <array>
#include <functional>

#include "backbones/transformer/vit_parts.hpp"
#include "photo51/backbones/transformer/vit.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(VitVariant) {
  static constexpr std::array<std::string_view, 15> names{
      "t16", "s8", "s14", "s16", "s32", "b8", "b14", "b16", "b32", "l14", "l16", "l32", "h14", "h16", "g14"};
  return names;
}

std::span<const std::string_view> enum_names(VitPosition) {
  static constexpr std::array<std::string_view, 5> names{"learned", "sincos", "rope", "learned_rope", "none"};
  return names;
}

std::span<const std::string_view> enum_names(PrefixPosition) {
  static constexpr std::array<std::string_view, 3> names{"all", "class", "none"};
  return names;
}

std::span<const std::string_view> enum_names(VitProjection) {
  static constexpr std::array<std::string_view, 2> names{"conv", "perceptron"};
  return names;
}

std::span<const std::string_view> enum_names(PostActivation) {
  static constexpr std::array<std::string_view, 2> names{"none", "tanh"};
  return names;
}

VitSizes vit_sizes(const VitOptions& options) {
  const std::string name = config::name_of(options.variant);
  const auto widths = [&]() -> VitSizes {
    switch (name[0]) {
      case 't':
        return {0, 192, 12, 3, 768};
      case 's':
        return {0, 384, 12, 6, 1536};
      case 'b':
        return {0, 768, 12, 12, 3072};
      case 'l':
        return {0, 1024, 24, 16, 4096};
      case 'h':
        return {0, 1280, 32, 16, 5120};
      default:
        return {0, 1536, 40, 24, 4096};
    }
  }();
  return {options.patch_size.value_or(std::stoll(name.substr(1))),
          options.embed_dim.value_or(widths.embed_dim), options.depth.value_or(widths.depth),
          options.num_heads.value_or(widths.num_heads), options.mlp_dim.value_or(widths.mlp_dim)};
}

bool has_rope(const VitOptions& options) {
  return options.position == VitPosition::rope || options.position == VitPosition::learned_rope;
}

bool has_position_vectors(const VitOptions& options) {
  return options.position != VitPosition::rope && options.position != VitPosition::none;
}

bool are_out_layers(const std::vector<int64_t>& layers, int64_t depth) {
  return std::ranges::adjacent_find(layers, std::greater_equal<>()) == layers.end() &&
         (layers.empty() || (layers.front() >= 1 && layers.back() < depth));
}

void describe(config::Fields& f, VitOptions& o) {
  f("variant", o.variant,
    "published sizes; each of the next five, where it is given, takes the variant's place");
  f("patch_size", o.patch_size, "edge of a patch", {.min = 1, .unit = "voxels"});
  f("embed_dim", o.embed_dim, "features of a token", {.min = 1});
  f("depth", o.depth, "transformer layers", {.min = 1});
  f("num_heads", o.num_heads, "attention heads", {.min = 1});
  f("mlp_dim", o.mlp_dim, "hidden features of each layer's perceptron, with swiglu after the gate",
    {.min = 1});
  f("projection", o.projection,
    "how files by MONAI's names keep the projection of patches: conv, or perceptron (the same weights in "
    "another order)");
  f("class_token", o.class_token, "a learned token of the whole image");
  f("distilled", o.distilled, "DeiT's token and classifier of distillation");
  f("register_tokens", o.register_tokens, "learned tokens beside the class token that nothing is read from",
    {.min = 0});
  f("position", o.position,
    "how tokens know their place: vectors that are added, rotated attention, or both");
  f("prefix_position", o.prefix_position,
    "which prefix tokens have a position too (timm's no_embed_class: none; DINOv2 with registers: class)");
  f("rope", o.rope.kind, "rotary positions as EVA-02 (axial) or DINOv3 has them");
  f("rope_temperature", o.rope.temperature, "longest period; 0 = 10000 (axial) or 100 (dinov3)", {.min = 0});
  f("rope_reference", o.rope.reference,
    "axial: edge of the grid of patches that the weights were trained on; 0 = the grid's own", {.min = 0});
  f("rope_dtype", o.rope.dtype, "to what the periods, computed in float32, are rounded");
  f("mlp", o.mlp, "the layers' perceptron");
  f("qkv_bias", o.qkv_bias, "biases of queries, keys and values");
  f("qk_norm", o.qk_norm, "layer norms of each head's queries and keys");
  f("layer_scale", o.layer_scale, "initial value of learned factors of the residual branches; 0 = none",
    {.min = 0});
  f("norm_epsilon", o.norm_epsilon, "of the layer norms", {.min = 0});
  f("fc_norm", o.fc_norm, "the last norm is of the mean over the places instead of each token");
  f("drop_path", o.drop_path, "probability that a case skips the last layer, from 0 in the first",
    {.min = 0, .max = 1});
  f("dropout", o.dropout, "dropout inside the layers", {.min = 0, .max = 1});
  f("attention_dropout", o.attention_dropout, "dropout of the attention weights", {.min = 0, .max = 1});
  f("experts", o.experts, "perceptrons a layer, of which each token uses a few; 0 = one for all", {.min = 0});
  f("experts_per_token", o.experts_per_token, "experts that a token uses", {.min = 1});
  f("balance_weight", o.balance_weight, "weight of the loss that asks for an even load of the experts",
    {.min = 0});
  f("out_layers", o.out_layers,
    "after which layers, counted from 1, hidden states are stages before the last (timm's out_indices + 1)",
    {.min = 1});
  f("post_activation", o.post_activation, "what the classifier's logits pass through");
  describe_encoder(f, o.encoder, {TokenPool::class_token, TokenPool::mean, TokenPool::none}, "token_dropout");

  const VitSizes sizes = vit_sizes(o);
  f.check(sizes.num_heads > 0 && sizes.embed_dim % sizes.num_heads == 0, "embed_dim",
          "must be a multiple of `num_heads`");
  f.check(!has_rope(o) || sizes.num_heads < 1 || sizes.embed_dim / sizes.num_heads % 2 == 0, "embed_dim",
          "must give each head an even number of features, which `position: " + config::name_of(o.position) +
              "` turns in pairs");
  f.check(o.class_token || o.encoder.pool != TokenPool::class_token, "pool",
          "must be mean or none without `class_token`");
  f.check(o.class_token || !o.distilled, "distilled", "needs `class_token`");
  f.check(!o.fc_norm || o.encoder.pool == TokenPool::mean, "fc_norm", "needs `pool: mean`");
  f.check(are_out_layers(o.out_layers, sizes.depth), "out_layers", "must be ascending and below `depth`");
  f.check(o.drop_path < 1, "drop_path", "must be below 1");
  f.check(o.dropout < 1, "dropout", "must be below 1");
  f.check(o.attention_dropout < 1, "attention_dropout", "must be below 1");
  f.check(o.experts == 0 || o.experts_per_token <= o.experts, "experts_per_token",
          "must be at most `experts`");
}

}  // namespace photo51::backbones

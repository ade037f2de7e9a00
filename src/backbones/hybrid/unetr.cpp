#include "photo51/backbones/hybrid/unetr.hpp"

#include <torch/nn/module.h>

#include <string>

#include "backbones/transformer/vit_parts.hpp"
#include "photo51/backbones/image_encoder.hpp"

namespace photo51::backbones {

void describe(config::Fields& f, UnetrOptions& o) {
  f("patch_size", o.patch_size, "edge of a patch", {.min = 1, .unit = "voxels"});
  f("embed_dim", o.embed_dim, "features of a token", {.min = 1});
  f("depth", o.depth, "transformer layers", {.min = 1});
  f("num_heads", o.num_heads, "attention heads", {.min = 1});
  f("mlp_dim", o.mlp_dim, "hidden features of each layer's perceptron", {.min = 1});
  f("projection", o.projection,
    "how MONAI's files keep the projection of patches: conv, or perceptron (the same weights in another "
    "order)");
  f("position", o.position, "learned: a vector a place; sincos: fixed sines and cosines of each axis",
    {.one_of = {"learned", "sincos"}});
  f("qkv_bias", o.qkv_bias, "bias of queries, keys and values");
  f("class_token", o.class_token, "a class token, as in MONAI's ViT with `classification`");
  f("skip_layers", o.skip_layers,
    "after which layers, counted from 1, hidden states are stages (MONAI: 4, 7, 10; the paper: 3, 6, 9)",
    {.min = 1});
  f("dropout", o.dropout, "dropout inside the layers", {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none, TokenPool::class_token}, "token_dropout");
  f.check(o.num_heads > 0 && o.embed_dim % o.num_heads == 0, "embed_dim",
          "must be a multiple of `num_heads`");
  f.check(are_out_layers(o.skip_layers, o.depth), "skip_layers", "must be ascending and below `depth`");
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

namespace {

/// MONAI's.
VitOptions unetr_vit(const UnetrOptions& options) {
  return {.patch_size = options.patch_size,
          .embed_dim = options.embed_dim,
          .depth = options.depth,
          .num_heads = options.num_heads,
          .mlp_dim = options.mlp_dim,
          .projection = options.projection,
          .class_token = options.class_token,
          .position = options.position,
          .prefix_position = PrefixPosition::none,
          .qkv_bias = options.qkv_bias ? nn::QkvBias::all : nn::QkvBias::none,
          .norm_epsilon = 1e-5,
          .dropout = options.dropout,
          .attention_dropout = options.dropout,
          .out_layers = options.skip_layers,
          .post_activation = PostActivation::tanh,
          // What the classifier sees.
          .encoder = {.pool = options.class_token ? TokenPool::class_token : TokenPool::mean, .weights = {}}};
}

std::vector<nn::Dialect> unetr_dialects(const VitOptions& options, int64_t dims) {
  nn::Dialect alone = vit_monai_dialect(options, dims), whole = alone;
  const std::string around = "vit.";
  for (auto& rename : whole.renames) rename.from = around + rename.from;
  for (auto* names : {&whole.classifier, &whole.ignored})
    for (auto& name : *names) name = around + name;
  whole.constants.clear();
  for (const auto& [name, values] : alone.constants) whole.constants.emplace(around + name, values);
  whole.classifier.push_back("heads.");  // by our own names
  for (const char* blocks : {"encoder1", "encoder2", "encoder3", "encoder4", "decoder2", "decoder3",
                             "decoder4", "decoder5", "out"})
    whole.ignored.push_back(blocks);
  alone.library = "MONAI ViT";
  return {whole, alone};
}

}  // namespace

std::shared_ptr<Backbone> make_unetr(const UnetrOptions& options, const InputShape& shape, int64_t classes) {
  return make_vit_by_names(unetr_vit(options), shape, classes, unetr_dialects);
}

EncoderRow unetr_row() {
  return image_encoder_row<UnetrOptions, make_unetr>(
      "unetr", "vision transformer of UNETR, 2D or 3D",
      {.source = "Hatamizadeh et al. 2022, arXiv 2103.10504", .parity = {"MONAI"}});
}

}  // namespace photo51::backbones

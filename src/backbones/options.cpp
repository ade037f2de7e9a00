#include "photo51/backbones/options.hpp"

#include <algorithm>

namespace photo51::backbones {
namespace {

const std::vector<std::string> norms{"batch", "instance", "group"};

void describe_bag(config::Fields& f, BagPoolOptions& o) {
  f("bag_pool", o.pool,
    "bags: how the instances become one token: mean, max, or a mean weighted by gated attention",
    {.one_of = {"mean", "max", "attention"}});
  f("attention_width", o.attention_width, "hidden features of the attention", {.min = 1});
  f("view_embedding", o.view_embedding,
    "bags: adds a learned vector to each instance, one for each of the input's channels");
  f("bag_chunk", o.chunk, "bags: instances encoded at once at prediction; training encodes a batch's at once",
    {.min = 1});
}

/// `dropout` is the key of the tokens' dropout.
void describe_encoder(config::Fields& f, ImageEncoderOptions& o, std::vector<std::string> pools,
                      const char* dropout = "dropout") {
  f("pool", o.pool, "how the feature map becomes tokens: mean = one token, none = one a place",
    {.one_of = std::move(pools)});
  f(dropout, o.dropout, "dropout of the tokens' features in training", {.min = 0, .max = 1});
  f("channel_present", o.channel_present, "append which channels a case has (0/1) to its tokens");
  f("weights", o.weights, "safetensors file with a pretrained state_dict; its classifier is left out");
  f("dims", o.dims, "2 or 3, checked against the input; 0 = whatever the input has");
  describe_bag(f, o.bag);
  f.check(o.dropout < 1, dropout, "must be below 1");
  f.check(o.dims == 0 || o.dims == 2 || o.dims == 3, "dims", "must be 0, 2 or 3");
}

}  // namespace

void describe(config::Fields& f, ResNetOptions& o) {
  f("depth", o.depth, "layers: 18, 34 (basic blocks) or 50 (bottlenecks)");
  f("width", o.width, "channels of the first stage; each further stage doubles them", {.min = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = norms});
  f("stem", o.stem, "standard: 7-wide convolution and max pool; small: 3-wide convolution, no pool",
    {.one_of = {"standard", "small"}});
  f("stem_stride", o.stem_stride, "stride of the stem's convolution (torchvision: 2, MONAI: 1)",
    {.min = 1, .max = 4});
  f("downsample_bias", o.downsample_bias, "bias in the shortcuts' convolutions, as MONAI's ResNets have");
  describe_encoder(f, o.encoder, {"mean", "none"});
  f.check(o.depth == 18 || o.depth == 34 || o.depth == 50, "depth", "must be 18, 34 or 50");
}

void describe(config::Fields& f, VitOptions& o) {
  f("patch_size", o.patch_size, "edge of a patch", {.min = 1, .unit = "voxels"});
  f("embed_dim", o.embed_dim, "features of a token", {.min = 1});
  f("depth", o.depth, "transformer layers", {.min = 1});
  f("num_heads", o.num_heads, "attention heads", {.min = 1});
  f("mlp_dim", o.mlp_dim, "hidden features of each layer's perceptron", {.min = 1});
  f("dropout", o.dropout, "dropout inside the layers", {.min = 0, .max = 1});
  f("attention_dropout", o.attention_dropout, "dropout of the attention weights", {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {"class", "mean", "none"}, "token_dropout");
  f.check(o.num_heads > 0 && o.embed_dim % o.num_heads == 0, "embed_dim",
          "must be a multiple of `num_heads`");
  f.check(o.dropout < 1, "dropout", "must be below 1");
  f.check(o.attention_dropout < 1, "attention_dropout", "must be below 1");
}

void describe(config::Fields& f, EfficientNetLiteOptions& o) {
  f("norm_epsilon", o.norm_epsilon, "of batch norm: 1e-5, or 1e-3 for weights that come from TensorFlow",
    {.min = 1e-9, .max = 1});
  f("padding", o.padding, "symmetric, or same: TensorFlow's, uneven where the stride is 2",
    {.one_of = {"symmetric", "same"}});
  describe_encoder(f, o.encoder, {"mean", "none"});
}

void describe(config::Fields& f, ConvNetOptions& o) {
  f("widths", o.widths, "channels of each stage; a stage ends by halving the image", {.min = 1});
  f("convolutions", o.convolutions, "convolutions a stage", {.min = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = norms});
  describe_encoder(f, o.encoder, {"mean", "none"});
  f.check(!o.widths.empty(), "widths", "needs at least one stage");
}

}  // namespace photo51::backbones

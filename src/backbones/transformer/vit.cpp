#include "photo51/backbones/transformer/vit.hpp"

#include <torch/nn/module.h>

#include <cmath>
#include <string>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/learned_position.hpp"
#include "photo51/nn/layers/prefix_token.hpp"
#include "photo51/nn/layers/self_attention.hpp"

namespace photo51::backbones {

void describe(config::Fields& f, VitOptions& o) {
  f("patch_size", o.patch_size, "edge of a patch", {.min = 1, .unit = "voxels"});
  f("embed_dim", o.embed_dim, "features of a token", {.min = 1});
  f("depth", o.depth, "transformer layers", {.min = 1});
  f("num_heads", o.num_heads, "attention heads", {.min = 1});
  f("mlp_dim", o.mlp_dim, "hidden features of each layer's perceptron", {.min = 1});
  f("dropout", o.dropout, "dropout inside the layers", {.min = 0, .max = 1});
  f("attention_dropout", o.attention_dropout, "dropout of the attention weights", {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::class_token, TokenPool::mean, TokenPool::none}, "token_dropout");
  f.check(o.num_heads > 0 && o.embed_dim % o.num_heads == 0, "embed_dim",
          "must be a multiple of `num_heads`");
  f.check(o.dropout < 1, "dropout", "must be below 1");
  f.check(o.attention_dropout < 1, "attention_dropout", "must be below 1");
}

namespace {

constexpr double epsilon = 1e-6;

std::shared_ptr<nn::Linear> make_perceptron_layer(int64_t in, int64_t out) {
  auto layer = std::make_shared<nn::Linear>(in, out);
  if (!nn::SkipInit::active()) {
    const at::NoGradGuard no_grad;
    nn::fill_xavier_uniform(layer->weight);
    layer->bias.normal_(0, 1e-6);
  }
  return layer;
}

class VitLayer : public torch::nn::Module {
 public:
  explicit VitLayer(const VitOptions& options) {
    norm1_ = register_module("ln_1", std::make_shared<nn::LayerNorm>(options.embed_dim, epsilon));
    attention_ = register_module(
        "self_attention",
        std::make_shared<nn::SelfAttention>(options.embed_dim, options.num_heads, options.attention_dropout));
    norm2_ = register_module("ln_2", std::make_shared<nn::LayerNorm>(options.embed_dim, epsilon));
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    // The numbers are those of torchvision's Sequential, which counts the activation and the dropout.
    widen_ = mlp->register_module("0", make_perceptron_layer(options.embed_dim, options.mlp_dim));
    narrow_ = mlp->register_module("3", make_perceptron_layer(options.mlp_dim, options.embed_dim));
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
  }

  at::Tensor forward(const at::Tensor& input) {
    const at::Tensor x = input + dropout_->forward(attention_->forward(norm1_->forward(input)));
    const at::Tensor hidden = dropout_->forward(at::gelu(widen_->forward(norm2_->forward(x))));
    const at::Tensor y = x + dropout_->forward(narrow_->forward(hidden));
    nn::report(*this, input, y);
    return y;
  }

 private:
  std::shared_ptr<nn::LayerNorm> norm1_, norm2_;
  std::shared_ptr<nn::SelfAttention> attention_;
  std::shared_ptr<nn::Linear> widen_, narrow_;
  std::shared_ptr<nn::Dropout> dropout_;
};

class Vit final : public Backbone {
 public:
  Vit(const VitOptions& options, const InputShape& shape, int64_t classes) : width_(options.embed_dim) {
    const auto& size = shape.size;
    int64_t places = 1;
    if (size.empty()) core::fail_usage("a vit needs images of one size; set the input's `preprocess.size`");
    for (const int64_t edge : size) {
      if (edge % options.patch_size != 0)
        core::fail_usage("the vit's patch (" + std::to_string(options.patch_size) +
                         ") must divide the image's size (" + std::to_string(edge) +
                         "); change `patch_size` or the input's `preprocess.size`");
      places *= edge / options.patch_size;
      grid_.push_back(edge / options.patch_size);
    }
    const auto dims = static_cast<int64_t>(size.size());
    const auto inputs = static_cast<double>(shape.channels) * std::pow(options.patch_size, dims);
    projection_ =
        register_module("conv_proj", std::make_shared<nn::Conv>(nn::Conv::Shape{.dims = dims,
                                                                                .in = shape.channels,
                                                                                .out = width_,
                                                                                .kernel = options.patch_size,
                                                                                .stride = options.patch_size,
                                                                                .padding = 0,
                                                                                .bias = true}));
    if (!nn::SkipInit::active()) {
      const at::NoGradGuard no_grad;
      nn::fill_truncated_normal(projection_->weight, std::sqrt(1.0 / inputs));
    }
    class_token_ =
        register_module("class_token", std::make_shared<nn::PrefixToken>(register_parameter(
                                           "class_token", nn::make_tensor({1, 1, width_}, nn::fill_zeros))));
    auto encoder = register_module("encoder", std::make_shared<torch::nn::Module>());
    const at::Tensor position = encoder->register_parameter(
        "pos_embedding", nn::make_tensor({1, places + 1, width_}, [](at::Tensor& t) { t.normal_(0, 0.02); }));
    position_ = encoder->register_module("pos_embedding", std::make_shared<nn::LearnedPosition>(position));
    auto layers = encoder->register_module("layers", std::make_shared<torch::nn::Module>());
    for (int64_t i = 0; i < options.depth; ++i)
      layers_.push_back(
          layers->register_module("encoder_layer_" + std::to_string(i), std::make_shared<VitLayer>(options)));
    norm_ = encoder->register_module("ln", std::make_shared<nn::LayerNorm>(width_, epsilon));
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
    if (classes > 0) {
      auto heads = register_module("heads", std::make_shared<torch::nn::Module>());
      classifier_ = heads->register_module("head", std::make_shared<nn::Linear>(width_, classes));
    }
  }

  Features features(const at::Tensor& image) override {
    const at::Tensor map = projection_->forward(image);
    at::Tensor x = dropout_->forward(position_->forward(class_token_->forward(place_tokens(map))));
    for (const auto& layer : layers_) x = layer->forward(x);
    x = norm_->forward(x);
    return {{x.slice(1, 1).transpose(1, 2).unflatten(2, map.sizes().slice(2))}, x.slice(1, 0, 1)};
  }

  std::vector<int64_t> widths() const override { return {width_}; }
  int64_t prefix_tokens() const override { return 1; }
  std::vector<nn::PositionTable> positions() const override { return {{"encoder.pos_embedding", 1, grid_}}; }

  std::vector<nn::Dialect> dialects() const override {
    const std::string layer = "encoder.layers.encoder_layer_*.";
    return {
        {.library = "torchvision", .classifier = {"heads."}},
        {.library = "torchvision 0.12",  // and its published weights
         .renames = {{layer + "mlp.linear_1", layer + "mlp.0"}, {layer + "mlp.linear_2", layer + "mlp.3"}},
         .classifier = {"heads."}},
        {.library = "timm",
         .renames = {{"cls_token", "class_token"},
                     {"pos_embed", "encoder.pos_embedding"},
                     {"patch_embed.proj", "conv_proj"},
                     {"blocks.*.norm1", layer + "ln_1"},
                     {"blocks.*.attn.qkv.weight", layer + "self_attention.in_proj_weight"},
                     {"blocks.*.attn.qkv.bias", layer + "self_attention.in_proj_bias"},
                     {"blocks.*.attn.proj", layer + "self_attention.out_proj"},
                     {"blocks.*.norm2", layer + "ln_2"},
                     {"blocks.*.mlp.fc1", layer + "mlp.0"},
                     {"blocks.*.mlp.fc2", layer + "mlp.3"},
                     {"norm", "encoder.ln"},
                     {"head", "heads.head"}},
         .classifier = {"head."}}};
  }

 private:
  int64_t width_;
  std::vector<int64_t> grid_;  ///< patches along each axis
  std::shared_ptr<nn::PrefixToken> class_token_;
  std::shared_ptr<nn::LearnedPosition> position_;
  std::shared_ptr<nn::Conv> projection_;
  std::shared_ptr<nn::Dropout> dropout_;
  std::vector<std::shared_ptr<VitLayer>> layers_;
  std::shared_ptr<nn::LayerNorm> norm_;
};

}  // namespace

std::shared_ptr<Backbone> make_vit(const VitOptions& options, const InputShape& shape, int64_t classes) {
  return std::make_shared<Vit>(options, shape, classes);
}

EncoderRow vit_row() {
  return image_encoder_row<VitOptions, make_vit>("vit", "vision transformer, 2D or 3D");
}

}  // namespace photo51::backbones

#include "photo51/backbones/transformer/vit.hpp"

#include <torch/nn/module.h>

#include <cmath>
#include <string>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::backbones {
namespace {

constexpr double epsilon = 1e-6;

/// Multi-head self-attention with torch.nn.MultiheadAttention's names.
class SelfAttention : public torch::nn::Module {
 public:
  SelfAttention(int64_t width, int64_t heads, double dropout) : heads_(heads), dropout_(dropout) {
    weight_ =
        register_parameter("in_proj_weight", nn::make_tensor({3 * width, width}, nn::fill_xavier_uniform));
    bias_ =
        register_parameter("in_proj_bias", nn::make_tensor({3 * width}, [](at::Tensor& t) { t.zero_(); }));
    out_ = register_module("out_proj", std::make_shared<nn::Linear>(width, width));
    if (!nn::SkipInit::active()) {
      const at::NoGradGuard no_grad;
      out_->bias.zero_();
    }
  }

  at::Tensor forward(const at::Tensor& x) {
    const int64_t batch = x.size(0), length = x.size(1), width = x.size(2);
    const auto parts = at::linear(x, weight_, bias_)
                           .view({batch, length, 3, heads_, width / heads_})
                           .permute({2, 0, 3, 1, 4})
                           .unbind(0);
    const at::Tensor mixed =
        at::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, is_training() ? dropout_ : 0.0);
    return out_->forward(mixed.transpose(1, 2).reshape({batch, length, width}));
  }

 private:
  int64_t heads_;
  double dropout_;
  at::Tensor weight_, bias_;
  std::shared_ptr<nn::Linear> out_;
};

std::shared_ptr<nn::Linear> make_perceptron_layer(int64_t in, int64_t out) {
  auto layer = std::make_shared<nn::Linear>(in, out);
  if (!nn::SkipInit::active()) {
    const at::NoGradGuard no_grad;
    nn::fill_xavier_uniform(layer->weight);
    layer->bias.normal_(0, 1e-6);
  }
  return layer;
}

}  // namespace

class Vit::Layer : public torch::nn::Module {
 public:
  explicit Layer(const VitOptions& options) : dropout_(options.dropout) {
    norm1_ = register_module("ln_1", std::make_shared<nn::LayerNorm>(options.embed_dim, epsilon));
    attention_ = register_module(
        "self_attention",
        std::make_shared<SelfAttention>(options.embed_dim, options.num_heads, options.attention_dropout));
    norm2_ = register_module("ln_2", std::make_shared<nn::LayerNorm>(options.embed_dim, epsilon));
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    // The numbers are those of torchvision's Sequential, which counts the activation and the dropout.
    widen_ = mlp->register_module("0", make_perceptron_layer(options.embed_dim, options.mlp_dim));
    narrow_ = mlp->register_module("3", make_perceptron_layer(options.mlp_dim, options.embed_dim));
  }

  at::Tensor forward(const at::Tensor& input) {
    const auto drop = [&](const at::Tensor& t) { return at::dropout(t, dropout_, is_training()); };
    const at::Tensor x = input + drop(attention_->forward(norm1_->forward(input)));
    const at::Tensor hidden = drop(at::gelu(widen_->forward(norm2_->forward(x))));
    return x + drop(narrow_->forward(hidden));
  }

 private:
  double dropout_;
  std::shared_ptr<nn::LayerNorm> norm1_, norm2_;
  std::shared_ptr<SelfAttention> attention_;
  std::shared_ptr<nn::Linear> widen_, narrow_;
};

Vit::~Vit() = default;

Vit::Vit(const VitOptions& options, const std::vector<int64_t>& size, int64_t channels, int64_t classes)
    : width_(options.embed_dim), dropout_(options.dropout) {
  int64_t places = 1;
  if (size.empty()) core::fail_usage("a vit needs images of one size; set the input's `preprocess.size`");
  for (const int64_t edge : size) {
    if (edge % options.patch_size != 0)
      core::fail_usage("the vit's patch (" + std::to_string(options.patch_size) +
                       ") must divide the image's size (" + std::to_string(edge) +
                       "); change `patch_size` or the input's `preprocess.size`");
    places *= edge / options.patch_size;
  }
  const auto dims = static_cast<int64_t>(size.size());
  const auto inputs = static_cast<double>(channels) * std::pow(options.patch_size, dims);
  projection_ =
      register_module("conv_proj", std::make_shared<nn::Conv>(nn::Conv::Shape{.dims = dims,
                                                                              .in = channels,
                                                                              .out = width_,
                                                                              .kernel = options.patch_size,
                                                                              .stride = options.patch_size,
                                                                              .bias = true,
                                                                              .patches = true}));
  if (!nn::SkipInit::active()) {
    const at::NoGradGuard no_grad;
    nn::fill_truncated_normal(projection_->weight, std::sqrt(1.0 / inputs));
  }
  class_token_ =
      register_parameter("class_token", nn::make_tensor({1, 1, width_}, [](at::Tensor& t) { t.zero_(); }));
  auto encoder = register_module("encoder", std::make_shared<torch::nn::Module>());
  position_ = encoder->register_parameter(
      "pos_embedding", nn::make_tensor({1, places + 1, width_}, [](at::Tensor& t) { t.normal_(0, 0.02); }));
  auto layers = encoder->register_module("layers", std::make_shared<torch::nn::Module>());
  for (int64_t i = 0; i < options.depth; ++i)
    layers_.push_back(
        layers->register_module("encoder_layer_" + std::to_string(i), std::make_shared<Layer>(options)));
  norm_ = encoder->register_module("ln", std::make_shared<nn::LayerNorm>(width_, epsilon));
  if (classes > 0) {
    auto heads = register_module("heads", std::make_shared<torch::nn::Module>());
    head_ = heads->register_module("head", std::make_shared<nn::Linear>(width_, classes));
  }
}

at::Tensor Vit::tokens(const at::Tensor& image) {
  const at::Tensor patches = projection_->forward(image).flatten(2).transpose(1, 2);
  at::Tensor x = at::cat({class_token_.expand({image.size(0), -1, -1}), patches}, 1) + position_;
  x = at::dropout(x, dropout_, is_training());
  for (const auto& layer : layers_) x = layer->forward(x);
  return norm_->forward(x);
}

at::Tensor Vit::logits(const at::Tensor& image) {
  return head_->forward(tokens(image).select(1, 0));
}

}  // namespace photo51::backbones

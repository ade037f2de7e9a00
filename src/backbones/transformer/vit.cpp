#include "photo51/backbones/transformer/vit.hpp"

#include <ATen/ops/cat.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "backbones/transformer/vit_parts.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/drop_path.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/layer_scale.hpp"
#include "photo51/nn/layers/learned_position.hpp"
#include "photo51/nn/layers/mixture_of_experts.hpp"
#include "photo51/nn/layers/perceptron.hpp"
#include "photo51/nn/layers/prefix_token.hpp"
#include "photo51/nn/layers/self_attention.hpp"
#include "photo51/nn/layers/sincos_position.hpp"

namespace photo51::backbones {
namespace {

class VitLayer : public torch::nn::Module {
 public:
  VitLayer(const VitOptions& options, const VitSizes& sizes, double drop_path) {
    const auto norm = [&] { return std::make_shared<nn::LayerNorm>(sizes.embed_dim, options.norm_epsilon); };
    norm1_ = register_module("ln_1", norm());
    attention_ = register_module(
        "self_attention",
        std::make_shared<nn::SelfAttention>(nn::SelfAttentionOptions{.width = sizes.embed_dim,
                                                                     .heads = sizes.num_heads,
                                                                     .dropout = options.attention_dropout,
                                                                     .bias = options.qkv_bias,
                                                                     .qk_norm = options.qk_norm,
                                                                     .norm_epsilon = options.norm_epsilon}));
    norm2_ = register_module("ln_2", norm());
    // The numbers are those of torchvision's Sequential, which counts the activation and the dropout.
    const nn::PerceptronOptions perceptron{.width = sizes.embed_dim,
                                           .hidden = sizes.mlp_dim,
                                           .kind = options.mlp,
                                           .dropout = options.dropout,
                                           .first = "0",
                                           .second = "3"};
    if (options.experts > 0)
      mixture_ = register_module(
          "mlp",
          std::make_shared<nn::MixtureOfExperts>(nn::MixtureOptions{
              .experts = options.experts, .per_token = options.experts_per_token, .expert = perceptron}));
    else
      perceptron_ = register_module("mlp", std::make_shared<nn::Perceptron>(perceptron));
    if (options.layer_scale > 0) {
      const auto scale = [&](const char* name) {
        const at::Tensor factors =
            nn::make_tensor({sizes.embed_dim}, [&](at::Tensor& t) { t.fill_(options.layer_scale); });
        return register_module(name, std::make_shared<nn::LayerScale>(register_parameter(name, factors), -1));
      };
      scale1_ = scale("gamma_1");
      scale2_ = scale("gamma_2");
    }
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
    drop_path_ = register_module("drop_path", std::make_shared<nn::DropPath>(drop_path));
  }

  /// Adds the load's evenness to `balance` where the layer is a mixture.
  at::Tensor forward(const at::Tensor& input, const nn::Rotation* rotation, at::Tensor& balance) {
    const at::Tensor x = input + branch(scale1_, attention_->forward(norm1_->forward(input), rotation));
    const at::Tensor y = x + branch(scale2_, feed_forward(norm2_->forward(x), balance));
    nn::report(*this, input, y);
    return y;
  }

 private:
  at::Tensor branch(const std::shared_ptr<nn::LayerScale>& scale, const at::Tensor& made) {
    const at::Tensor kept = dropout_->forward(made);
    return drop_path_->forward(scale ? scale->forward(kept) : kept);
  }

  at::Tensor feed_forward(const at::Tensor& x, at::Tensor& balance) {
    if (perceptron_) return perceptron_->forward(x);
    const nn::Mixture mixed = mixture_->forward(x);
    balance = balance.defined() ? balance + mixed.balance : mixed.balance;
    return mixed.values;
  }

  std::shared_ptr<nn::LayerNorm> norm1_, norm2_;
  std::shared_ptr<nn::SelfAttention> attention_;
  std::shared_ptr<nn::Perceptron> perceptron_;  ///< or a mixture
  std::shared_ptr<nn::MixtureOfExperts> mixture_;
  std::shared_ptr<nn::LayerScale> scale1_, scale2_;  ///< null without
  std::shared_ptr<nn::Dropout> dropout_;
  std::shared_ptr<nn::DropPath> drop_path_;
};

/// How many patches are on each axis.
std::vector<int64_t> vit_grid(const InputShape& shape, int64_t patch) {
  if (shape.size.empty())
    core::fail_usage("a vision transformer needs images of one size; set the input's `preprocess.size`");
  std::vector<int64_t> grid;
  for (const int64_t edge : shape.size) {
    if (edge % patch != 0)
      core::fail_usage("a vision transformer's patch (" + std::to_string(patch) +
                       ") must divide the image's size (" + std::to_string(edge) +
                       "); change `patch_size` or the input's `preprocess.size`");
    grid.push_back(edge / patch);
  }
  return grid;
}

class Vit final : public Backbone {
 public:
  Vit(const VitOptions& options, const InputShape& shape, int64_t classes, VitDialects names)
      : options_(options),
        sizes_(vit_sizes(options)),
        grid_(vit_grid(shape, sizes_.patch_size)),
        names_(names) {
    if (!are_out_layers(options.out_layers, sizes_.depth))
      core::fail_usage(
          "the layers of a vision transformer whose hidden states are stages must be ascending, at least 1 "
          "and below its `depth` (" +
          std::to_string(sizes_.depth) + ")");
    const std::vector<int64_t>& grid = grid_;
    const int64_t width = sizes_.embed_dim;
    add_projection(shape.channels, static_cast<int64_t>(grid.size()));
    if (options.class_token) class_token_ = add_prefix("class_token", 1, nn::fill_zeros);
    if (options.distilled)
      distillation_token_ =
          add_prefix("dist_token", 1, [](at::Tensor& t) { nn::fill_truncated_normal(t, 0.02); });
    if (options.register_tokens > 0)
      registers_ =
          add_prefix("register_tokens", options.register_tokens, [](at::Tensor& t) { t.normal_(0, 1e-6); });
    auto encoder = register_module("encoder", std::make_shared<torch::nn::Module>());
    if (has_position_vectors(options)) add_position(*encoder, grid);
    auto layers = encoder->register_module("layers", std::make_shared<torch::nn::Module>());
    const std::vector<double> drop_path = nn::drop_path_rates(options.drop_path, sizes_.depth);
    for (int64_t i = 0; i < sizes_.depth; ++i)
      layers_.push_back(layers->register_module(
          "encoder_layer_" + std::to_string(i),
          std::make_shared<VitLayer>(options, sizes_, drop_path[static_cast<size_t>(i)])));
    norm_ = encoder->register_module("ln", std::make_shared<nn::LayerNorm>(width, options.norm_epsilon));
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
    if (classes > 0) {
      auto heads = register_module("heads", std::make_shared<torch::nn::Module>());
      classifier_ = heads->register_module("head", std::make_shared<nn::Linear>(width, classes));
      if (options.distilled)
        distillation_classifier_ =
            heads->register_module("head_dist", std::make_shared<nn::Linear>(width, classes));
    }
  }

  Features features(const at::Tensor& image) override {
    const at::Tensor map = projection_->forward(image);
    const auto grid = map.sizes().slice(2);
    at::Tensor x = dropout_->forward(tokens_of(place_tokens(map)));
    std::optional<nn::Rotation> rotation;
    if (has_rope(options_))
      rotation =
          nn::make_rotation(options_.rope, grid, sizes_.embed_dim / sizes_.num_heads, prefix_tokens(), x);
    Features found;
    at::Tensor balance;
    const int64_t prefix = prefix_tokens();
    const auto add_stage = [&] {
      found.stages.push_back(x.slice(1, prefix).transpose(1, 2).unflatten(2, grid));
    };
    int64_t number = 0;
    for (const auto& layer : layers_) {
      x = layer->forward(x, rotation ? &*rotation : nullptr, balance);
      if (std::ranges::binary_search(options_.out_layers, ++number)) add_stage();
    }
    if (!options_.fc_norm) x = norm_->forward(x);
    add_stage();
    if (prefix > 0) found.prefix = x.slice(1, 0, prefix);
    if (balance.defined())
      found.losses["balance"] = {balance / static_cast<double>(layers_.size()), options_.balance_weight};
    return found;
  }

  at::Tensor mean_of_places(const Features& found) const override {
    const at::Tensor mean = Backbone::mean_of_places(found);
    return options_.fc_norm ? norm_->forward(mean) : mean;
  }

  at::Tensor logits(const at::Tensor& image) override {
    require_classifier();
    const at::Tensor logits = classified(features(image));
    return options_.post_activation == PostActivation::tanh ? logits.tanh() : logits;
  }

  std::vector<int64_t> widths() const override {
    return std::vector<int64_t>(options_.out_layers.size() + 1, sizes_.embed_dim);
  }
  int64_t prefix_tokens() const override { return named_prefix_tokens() + options_.register_tokens; }
  std::vector<nn::PositionTable> positions() const override {
    if (!position_) return {};
    return {{"encoder.pos_embedding", placed_prefix(), grid_}};
  }
  std::vector<nn::Dialect> dialects() const override {
    return names_(options_, static_cast<int64_t>(grid_.size()));
  }

 private:
  at::Tensor classified(const Features& found) {
    if (!options_.class_token || options_.encoder.pool == TokenPool::mean)
      return classifier_->forward(mean_of_places(found));
    const at::Tensor logits = classifier_->forward(found.prefix.select(1, 0));
    if (!distillation_classifier_) return logits;
    return (logits + distillation_classifier_->forward(found.prefix.select(1, 1))) / 2;
  }

  int64_t named_prefix_tokens() const {
    return (options_.class_token ? 1 : 0) + (options_.distilled ? 1 : 0);
  }

  void add_projection(int64_t channels, int64_t dims) {
    projection_ =
        register_module("conv_proj", std::make_shared<nn::Conv>(nn::Conv::Shape{.dims = dims,
                                                                                .in = channels,
                                                                                .out = sizes_.embed_dim,
                                                                                .kernel = sizes_.patch_size,
                                                                                .stride = sizes_.patch_size,
                                                                                .padding = 0,
                                                                                .bias = true}));
    if (nn::SkipInit::active()) return;
    const at::NoGradGuard no_grad;
    const double inputs =
        static_cast<double>(channels) * std::pow(sizes_.patch_size, static_cast<double>(dims));
    nn::fill_truncated_normal(projection_->weight, std::sqrt(1.0 / inputs));
  }

  std::shared_ptr<nn::PrefixToken> add_prefix(const std::string& name, int64_t count,
                                              const std::function<void(at::Tensor&)>& fill) {
    const at::Tensor tokens = register_parameter(name, nn::make_tensor({1, count, sizes_.embed_dim}, fill));
    return register_module(name, std::make_shared<nn::PrefixToken>(tokens));
  }

  /// How many prefix tokens have a position vector.
  int64_t placed_prefix() const {
    if (options_.prefix_position == PrefixPosition::none) return 0;
    return options_.prefix_position == PrefixPosition::all ? prefix_tokens() : named_prefix_tokens();
  }

  void add_position(torch::nn::Module& encoder, const std::vector<int64_t>& grid) {
    const int64_t width = sizes_.embed_dim;
    int64_t places = 1;
    for (const int64_t size : grid) places *= size;
    at::Tensor position;
    if (options_.position == VitPosition::sincos) {
      position = encoder.register_buffer(
          "pos_embedding",
          at::cat({at::zeros({1, placed_prefix(), width}), nn::sincos_position(grid, width)}, 1));
    } else {
      position = encoder.register_parameter(
          "pos_embedding",
          nn::make_tensor({1, places + placed_prefix(), width}, [](at::Tensor& t) { t.normal_(0, 0.02); }));
    }
    position_ = encoder.register_module("pos_embedding", std::make_shared<nn::LearnedPosition>(position));
  }

  at::Tensor placed(const at::Tensor& tokens) const {
    return position_ ? position_->forward(tokens) : tokens;
  }
  at::Tensor with_named_prefix(at::Tensor tokens) const {
    if (distillation_token_) tokens = distillation_token_->forward(tokens);
    return class_token_ ? class_token_->forward(tokens) : tokens;
  }
  at::Tensor with_registers(const at::Tensor& tokens) const {
    return registers_ ? registers_->forward(tokens) : tokens;
  }

  /// With the prefix, in the order class, distillation, registers, and the position.
  at::Tensor tokens_of(const at::Tensor& places) const {
    switch (options_.prefix_position) {
      case PrefixPosition::all:
        return placed(with_named_prefix(with_registers(places)));
      case PrefixPosition::none:
        return with_named_prefix(with_registers(placed(places)));
      case PrefixPosition::class_token:
        break;
    }
    const at::Tensor named = placed(with_named_prefix(places));
    const int64_t count = named_prefix_tokens();
    if (!registers_ || count == 0) return with_registers(named);
    return at::cat({named.slice(1, 0, count), registers_->forward(named.slice(1, count))}, 1);
  }

  VitOptions options_;
  VitSizes sizes_;
  std::vector<int64_t> grid_;  ///< patches along each axis
  VitDialects names_;
  std::shared_ptr<nn::PrefixToken> class_token_, distillation_token_, registers_;  ///< null without
  std::shared_ptr<nn::LearnedPosition> position_;                                  ///< null without
  std::shared_ptr<nn::Conv> projection_;
  std::shared_ptr<nn::Dropout> dropout_;
  std::vector<std::shared_ptr<VitLayer>> layers_;
  std::shared_ptr<nn::LayerNorm> norm_;
  std::shared_ptr<nn::Linear> distillation_classifier_;  ///< null without
};

}  // namespace

std::shared_ptr<Backbone> make_vit(const VitOptions& options, const InputShape& shape, int64_t classes) {
  return make_vit_by_names(options, shape, classes, vit_dialects);
}

std::shared_ptr<Backbone> make_vit_by_names(const VitOptions& options, const InputShape& shape,
                                            int64_t classes, VitDialects names) {
  return std::make_shared<Vit>(options, shape, classes, names);
}

EncoderRow vit_row() {
  return image_encoder_row<VitOptions, make_vit>(
      "vit", "vision transformer, 2D or 3D",
      {.source = "Dosovitskiy et al. 2021, arXiv 2010.11929",
       .parity = {"torchvision", "timm", "MONAI"},
       .defaults = {
           {"MONAI",
            {"prefix_position=none", "qkv_bias=none", "norm_epsilon=1e-5", "post_activation=tanh"}}}});
}

}  // namespace photo51::backbones

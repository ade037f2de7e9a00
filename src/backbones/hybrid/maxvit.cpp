#include "photo51/backbones/hybrid/maxvit.hpp"

#include <algorithm>
#include <utility>

#include "backbones/hybrid/attention.hpp"
#include "backbones/hybrid/mbconv.hpp"
#include "backbones/hybrid/net.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::backbones {
namespace {

/// Q, K, V and the tables as in the authors' TensorFlow.
HybridRecipe maxvit_tensorflow(std::vector<int64_t> embed_dim, std::vector<int64_t> depths, int64_t stem) {
  HybridRecipe recipe{.embed_dim = std::move(embed_dim),
                      .depths = std::move(depths),
                      .stem_width = {stem, stem},
                      .stem_bias1 = true,
                      .stem_bias2 = true,
                      .head_hidden = true,
                      .conv = {},
                      .transformer = {}};
  recipe.conv.same = true;
  recipe.conv.epsilon = 1e-3;
  recipe.conv.activation = HybridActivation::gelu_tanh;
  recipe.transformer.attention.head_first = false;
  recipe.transformer.attention.position = RelativePosition::tensorflow;
  recipe.transformer.epsilon = 1e-5;
  recipe.transformer.activation = HybridActivation::gelu_tanh;
  return recipe;
}

HybridRecipe maxvit_torchvision() {
  HybridRecipe recipe{.embed_dim = {64, 128, 256, 512},
                      .depths = {2, 2, 5, 2},
                      .stem_width = {64, 64},
                      .stem_bias2 = true,
                      .head_hidden = true,
                      .head_bias = false,
                      .conv = {},
                      .transformer = {}};
  recipe.conv.always_expand = true;
  recipe.conv.epsilon = 1e-3;
  recipe.conv.pool = HybridPool::mean_of_3;
  recipe.transformer.attention.head_first = false;
  recipe.transformer.attention.scale_by_width = true;
  recipe.transformer.attention.position = RelativePosition::table_and_index;
  recipe.transformer.epsilon = 1e-5;
  return recipe;
}

/// Wightman's, of before the authors' code was there.
HybridRecipe maxvit_rw(std::vector<int64_t> embed_dim, std::vector<int64_t> depths,
                       std::vector<int64_t> stem_width, RelativePosition position = RelativePosition::table) {
  HybridRecipe recipe{.embed_dim = std::move(embed_dim),
                      .depths = std::move(depths),
                      .stem_width = std::move(stem_width),
                      .conv = {},
                      .transformer = {}};
  recipe.conv.expand_output = false;
  recipe.conv.output_bias = false;
  recipe.conv.squeeze_ratio = 1.0 / 16;
  recipe.conv.activation = HybridActivation::silu;
  recipe.transformer.attention.position = position;
  return recipe;
}

HybridRecipe maxvit_scaled(HybridRecipe recipe, double layer_scale) {
  recipe.transformer.layer_scale = layer_scale;
  return recipe;
}

HybridRecipe maxvit_hidden(HybridRecipe recipe) {
  recipe.head_hidden = true;
  return recipe;
}

const std::vector<HybridVariant>& maxvit_variants() {
  constexpr auto perceptron = RelativePosition::perceptron;
  static const std::vector<HybridVariant> table{
      {"t", maxvit_torchvision()},
      {"tiny_tf", maxvit_tensorflow({64, 128, 256, 512}, {2, 2, 5, 2}, 64)},
      {"small_tf", maxvit_tensorflow({96, 192, 384, 768}, {2, 2, 5, 2}, 64)},
      {"base_tf", maxvit_tensorflow({96, 192, 384, 768}, {2, 6, 14, 2}, 64)},
      {"large_tf", maxvit_tensorflow({128, 256, 512, 1024}, {2, 6, 14, 2}, 128)},
      {"xlarge_tf", maxvit_tensorflow({192, 384, 768, 1536}, {2, 6, 14, 2}, 192)},
      {"pico_rw", maxvit_rw({32, 64, 128, 256}, {2, 2, 5, 2}, {24, 32})},
      {"nano_rw", maxvit_rw({64, 128, 256, 512}, {1, 2, 3, 1}, {32, 64})},
      {"tiny_rw", maxvit_rw({64, 128, 256, 512}, {2, 2, 5, 2}, {32, 64})},
      {"rmlp_pico_rw", maxvit_rw({32, 64, 128, 256}, {2, 2, 5, 2}, {24, 32}, perceptron)},
      {"rmlp_nano_rw", maxvit_rw({64, 128, 256, 512}, {1, 2, 3, 1}, {32, 64}, perceptron)},
      {"rmlp_tiny_rw", maxvit_rw({64, 128, 256, 512}, {2, 2, 5, 2}, {32, 64}, perceptron)},
      {"rmlp_small_rw",
       maxvit_scaled(maxvit_rw({96, 192, 384, 768}, {2, 2, 5, 2}, {32, 64}, perceptron), 1e-6)},
      {"rmlp_base_rw", maxvit_hidden(maxvit_rw({96, 192, 384, 768}, {2, 6, 14, 2}, {32, 64}, perceptron))},
  };
  return table;
}

/// A map [B, ([D,] H, W), C] as the tokens [B * parts, N, C] of its parts of N places, and back. A window's
/// places are neighbours, a grid's lie equally far apart over the whole map.
class MaxVitParts {
 public:
  MaxVitParts(std::vector<int64_t> window, bool grid) : window_(std::move(window)), grid_(grid) {}

  at::Tensor cut(const at::Tensor& map) const {
    return map.reshape(split(map)).permute(order()).flatten(0, dims()).flatten(1, dims());
  }

  /// `map`: what `cut` was given.
  at::Tensor join(const at::Tensor& tokens, const at::Tensor& map) const {
    const std::vector<int64_t> whole = split(map), axes = order();
    std::vector<int64_t> sizes, back(axes.size());
    for (size_t i = 0; i < axes.size(); ++i) {
      sizes.push_back(whole[static_cast<size_t>(axes[i])]);
      back[static_cast<size_t>(axes[i])] = static_cast<int64_t>(i);
    }
    return tokens.reshape(sizes).permute(back).reshape(map.sizes());
  }

 private:
  int64_t dims() const { return static_cast<int64_t>(window_.size()); }
  /// Each axis in two, of which one has the window's edge.
  std::vector<int64_t> split(const at::Tensor& map) const {
    std::vector<int64_t> sizes{map.size(0)};
    for (size_t i = 0; i < window_.size(); ++i) {
      const int64_t parts = map.size(static_cast<int64_t>(i) + 1) / window_[i];
      sizes.insert(sizes.end(), {grid_ ? window_[i] : parts, grid_ ? parts : window_[i]});
    }
    sizes.push_back(map.size(-1));
    return sizes;
  }
  /// Case, parts, places of a part, channels.
  std::vector<int64_t> order() const {
    std::vector<int64_t> axes{0};
    for (const int64_t inner : {grid_ ? 1 : 0, grid_ ? 0 : 1})
      for (int64_t axis = 0; axis < dims(); ++axis) axes.push_back(1 + 2 * axis + inner);
    axes.push_back(1 + 2 * dims());
    return axes;
  }

  std::vector<int64_t> window_;
  bool grid_;
};

/// Attention within parts of a map [B, ([D,] H, W), C], and a perceptron.
class MaxVitAttention : public torch::nn::Module {
 public:
  MaxVitAttention(const HybridTransformerRecipe& recipe, const HybridPlace& place,
                  const std::vector<int64_t>& window, bool grid)
      : activation_(recipe.activation), parts_(window, grid) {
    const int64_t width = place.out;
    norm1_ = register_module("norm1", std::make_shared<nn::LayerNorm>(width, recipe.epsilon));
    attention_ = register_module("attn", std::make_shared<TokenAttention>(recipe.attention, width, window));
    scale1_ = add_layer_scale(*this, "ls1", width, recipe.layer_scale, -1);
    norm2_ = register_module("norm2", std::make_shared<nn::LayerNorm>(width, recipe.epsilon));
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    fc1_ = mlp->register_module("fc1", std::make_shared<nn::Linear>(width, 4 * width));
    fc2_ = mlp->register_module("fc2", std::make_shared<nn::Linear>(4 * width, width));
    scale2_ = add_layer_scale(*this, "ls2", width, recipe.layer_scale, -1);
    drop_path_ = register_module("drop_path", std::make_shared<nn::DropPath>(place.drop_path));
    initialize_transformer(*this);
  }

  at::Tensor forward(const at::Tensor& input) {
    const at::Tensor normed = norm1_->forward(input);
    at::Tensor branch = parts_.join(attention_->forward(parts_.cut(normed)), normed);
    if (scale1_) branch = scale1_->forward(branch);
    const at::Tensor x = input + drop_path_->forward(branch);
    branch = fc2_->forward(activate(activation_, fc1_->forward(norm2_->forward(x))));
    if (scale2_) branch = scale2_->forward(branch);
    const at::Tensor y = x + drop_path_->forward(branch);
    nn::report(*this, input, y);
    return y;
  }

 private:
  HybridActivation activation_;
  MaxVitParts parts_;
  std::shared_ptr<nn::LayerNorm> norm1_, norm2_;
  std::shared_ptr<TokenAttention> attention_;
  std::shared_ptr<nn::LayerScale> scale1_, scale2_;  ///< null without
  std::shared_ptr<nn::Linear> fc1_, fc2_;
  std::shared_ptr<nn::DropPath> drop_path_;
};

class MaxVitBlock final : public HybridBlock {
 public:
  MaxVitBlock(const HybridRecipe& recipe, const HybridPlace& place, const std::vector<int64_t>& window) {
    conv_ = register_module("conv", std::make_shared<MbConv>(recipe.conv, place));
    const auto attention = [&](const char* name, bool grid) {
      return register_module(name,
                             std::make_shared<MaxVitAttention>(recipe.transformer, place, window, grid));
    };
    windows_ = attention("attn_block", false);
    grid_ = attention("attn_grid", true);
  }

  at::Tensor forward(const at::Tensor& x) override {
    const at::Tensor places = conv_->forward(x).movedim(1, -1);
    const at::Tensor y = grid_->forward(windows_->forward(places)).movedim(-1, 1);
    nn::report(*this, x, y);
    return y;
  }

 private:
  std::shared_ptr<MbConv> conv_;
  std::shared_ptr<MaxVitAttention> windows_, grid_;
};

nn::Dialect maxvit_of_torchvision() {
  const std::string theirs = "blocks.*.layers.*.layers.", ours = "stages.*.blocks.*.";
  nn::Dialect dialect{.library = "torchvision",
                      .renames = {{"stem.0.0", "stem.conv1"},
                                  {"stem.0.1", "stem.norm1"},
                                  {"stem.1.0", "stem.conv2"},
                                  {theirs + "MBconv.proj.1", ours + "conv.shortcut.expand"},
                                  {theirs + "MBconv.layers.pre_norm", ours + "conv.pre_norm"},
                                  {theirs + "MBconv.layers.conv_a.0", ours + "conv.conv1_1x1"},
                                  {theirs + "MBconv.layers.conv_a.1", ours + "conv.norm1"},
                                  {theirs + "MBconv.layers.conv_b.0", ours + "conv.conv2_kxk"},
                                  {theirs + "MBconv.layers.conv_b.1", ours + "conv.norm2"},
                                  {theirs + "MBconv.layers.squeeze_excitation", ours + "conv.se"},
                                  {theirs + "MBconv.layers.conv_c", ours + "conv.conv3_1x1"},
                                  {"classifier.2", "head.norm"},
                                  {"classifier.3", "head.pre_logits.fc"},
                                  {"classifier.5", "head.fc"}},
                      .classifier = {"classifier."}};
  for (const auto& [from, to] :
       {std::pair{"window_attention.", "attn_block."}, std::pair{"grid_attention.", "attn_grid."}}) {
    const std::string file = theirs + from, own = ours + to;
    for (const char* name : {"relative_position_bias_table", "relative_position_index"})
      dialect.renames.push_back({file + "attn_layer.1." + name, own + "attn.rel_pos." + name});
    dialect.renames.push_back({file + "attn_layer.0", own + "norm1"});
    dialect.renames.push_back({file + "attn_layer.1.to_qkv", own + "attn.qkv"});
    dialect.renames.push_back({file + "attn_layer.1.merge", own + "attn.proj"});
    dialect.renames.push_back({file + "mlp_layer.0", own + "norm2"});
    dialect.renames.push_back({file + "mlp_layer.1", own + "mlp.fc1"});
    dialect.renames.push_back({file + "mlp_layer.3", own + "mlp.fc2"});
  }
  return dialect;
}

}  // namespace

void describe(config::Fields& f, MaxVitOptions& o) {
  f("variant", o.variant,
    "t as in torchvision, the others as in timm: tf pad as TensorFlow, rmlp has windows of any size",
    {.one_of = names_of(maxvit_variants())});
  describe_sizes(f, o.sizes);
  f("window_size", o.window_size, "edge of windows and grids; 0: the 32nd part of the image", {.min = 0});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
}

std::shared_ptr<Backbone> make_maxvit(const MaxVitOptions& options, const InputShape& shape,
                                      int64_t classes) {
  const HybridRecipe recipe = chosen_recipe("maxvit", maxvit_variants(), options.variant, options.sizes);
  require_multiples("maxvit", shape, 32 * std::max<int64_t>(1, options.window_size));
  std::vector<int64_t> window, unit;
  for (const int64_t edge : shape.size) {
    window.push_back(options.window_size > 0 ? options.window_size : edge / 32);
    unit.push_back(32 * window.back());
  }
  auto network = std::make_shared<HybridNet>(
      recipe, shape.channels, HybridNet::Input{unit, /*multiples=*/true}, options.sizes.drop_path, classes,
      std::vector<nn::Dialect>{{.library = "timm", .classifier = {"head."}}, maxvit_of_torchvision()},
      [&](size_t, const HybridPlace& place) { return std::make_shared<MaxVitBlock>(recipe, place, window); });
  return network;
}

EncoderRow maxvit_row() {
  return image_encoder_row<MaxVitOptions, make_maxvit>(
      "maxvit", "convolution, attention in windows and in grids, 2D or 3D",
      {.source = "Tu et al. 2022, arXiv 2204.01697", .parity = {"torchvision", "timm"}});
}

}  // namespace photo51::backbones

#include "photo51/backbones/hybrid/coatnet.hpp"

#include <utility>

#include "backbones/hybrid/attention.hpp"
#include "backbones/hybrid/mbconv.hpp"
#include "backbones/hybrid/net.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::backbones {
namespace {

struct CoAtNetSize {
  std::vector<int64_t> embed_dim, depths, stem_width;
};
HybridRecipe coatnet_paper(std::vector<int64_t> embed_dim, std::vector<int64_t> depths, int64_t stem) {
  return {.embed_dim = std::move(embed_dim),
          .depths = std::move(depths),
          .stem_width = {stem, stem},
          .head_hidden = true,
          .conv = {},
          .transformer = {}};
}

/// In what Wightman's differ from each other.
struct CoAtNetTraits {
  bool halved_by_pool = true, activated_before = true, output_bias = false, squeeze_early = false,
       shortcut_bias = true;
  HybridActivation squeeze_activation = HybridActivation::relu;
  HybridPool pool = HybridPool::mean_of_2;
  const char* norm = "layer";
  double layer_scale = 0;
  int64_t position_width = 0;  ///< hidden features of the perceptron of positions; 0: a table
};

HybridRecipe coatnet_rw(const CoAtNetSize& size, const CoAtNetTraits& traits) {
  HybridRecipe recipe{.embed_dim = size.embed_dim,
                      .depths = size.depths,
                      .stem_width = size.stem_width,
                      .conv = {},
                      .transformer = {}};
  auto& conv = recipe.conv;
  conv.expand_output = false;
  conv.activated_before = traits.activated_before;
  conv.output_bias = traits.output_bias;
  conv.halved_by_pool = traits.halved_by_pool;
  conv.squeeze_early = traits.squeeze_early;
  conv.pool = traits.pool;
  conv.activation = HybridActivation::silu;
  conv.squeeze_activation = traits.squeeze_activation;
  auto& transformer = recipe.transformer;
  transformer.attention.expand_first = false;
  if (traits.position_width > 0) {
    transformer.attention.position = RelativePosition::perceptron;
    transformer.attention.position_width = traits.position_width;
  }
  transformer.norm = traits.norm;
  transformer.layer_scale = traits.layer_scale;
  transformer.shortcut_bias = traits.shortcut_bias;
  transformer.pool = traits.pool;
  return recipe;
}

const std::vector<HybridVariant>& coatnet_variants() {
  const CoAtNetSize size_pico{{64, 128, 256, 512}, {2, 3, 5, 2}, {32, 64}};
  const CoAtNetSize size_nano{{64, 128, 256, 512}, {3, 4, 6, 3}, {32, 64}};
  const CoAtNetSize size_0{{96, 192, 384, 768}, {2, 3, 7, 2}, {32, 64}};
  const CoAtNetSize size_1{{96, 192, 384, 768}, {2, 6, 14, 2}, {32, 64}};
  const CoAtNetSize size_2{{128, 256, 512, 1024}, {2, 6, 14, 2}, {64, 128}};
  const CoAtNetSize size_3{{192, 384, 768, 1536}, {2, 6, 14, 2}, {96, 192}};
  constexpr auto silu = HybridActivation::silu;
  static const std::vector<HybridVariant> table{
      {"0_rw", coatnet_rw(size_0, {.squeeze_early = true, .shortcut_bias = false})},
      {"1_rw", coatnet_rw(size_1, {.halved_by_pool = false, .squeeze_early = true, .shortcut_bias = false})},
      {"2_rw", coatnet_rw(size_2, {.halved_by_pool = false, .squeeze_activation = silu})},
      {"3_rw",
       coatnet_rw(size_3, {.halved_by_pool = false, .squeeze_activation = silu, .layer_scale = 1e-6})},
      {"pico_rw", coatnet_rw(size_pico, {.halved_by_pool = false,
                                         .activated_before = false,
                                         .output_bias = true,
                                         .squeeze_activation = silu})},
      {"nano_rw",
       coatnet_rw(size_nano, {.activated_before = false, .output_bias = true, .squeeze_activation = silu})},
      {"bn_0_rw",
       coatnet_rw(size_0,
                  {.halved_by_pool = false, .squeeze_early = true, .shortcut_bias = false, .norm = "batch"})},
      {"rmlp_nano_rw", coatnet_rw(size_nano, {.halved_by_pool = false,
                                              .activated_before = false,
                                              .output_bias = true,
                                              .squeeze_activation = silu,
                                              .position_width = 384})},
      {"rmlp_0_rw", coatnet_rw(size_0, {.halved_by_pool = false, .position_width = 512})},
      {"rmlp_1_rw", coatnet_rw(size_1, {.squeeze_early = true,
                                        .shortcut_bias = false,
                                        .pool = HybridPool::max_of_3,
                                        .position_width = 384})},
      {"rmlp_1_rw2", coatnet_rw(size_1, {.halved_by_pool = false, .position_width = 512})},
      {"rmlp_2_rw", coatnet_rw(size_2, {.halved_by_pool = false,
                                        .squeeze_activation = silu,
                                        .layer_scale = 1e-6,
                                        .position_width = 512})},
      {"rmlp_3_rw", coatnet_rw(size_3, {.halved_by_pool = false,
                                        .squeeze_activation = silu,
                                        .layer_scale = 1e-6,
                                        .position_width = 512})},
      {"0", coatnet_paper({96, 192, 384, 768}, {2, 3, 5, 2}, 64)},
      {"1", coatnet_paper({96, 192, 384, 768}, {2, 6, 14, 2}, 64)},
      {"2", coatnet_paper({128, 256, 512, 1024}, {2, 6, 14, 2}, 128)},
      {"3", coatnet_paper({192, 384, 768, 1536}, {2, 6, 14, 2}, 192)},
      {"4", coatnet_paper({192, 384, 768, 1536}, {2, 12, 28, 2}, 192)},
      {"5", coatnet_paper({256, 512, 1280, 2048}, {2, 12, 28, 2}, 192)},
  };
  return table;
}

/// Attention among all places of a map, and a perceptron of 1-wide convolutions.
class CoAtNetBlock final : public HybridBlock {
 public:
  CoAtNetBlock(const HybridTransformerRecipe& recipe, const HybridPlace& place) : recipe_(recipe) {
    const auto norm = [&](torch::nn::Module& parent, const char* name, int64_t channels) {
      return parent.register_module(name, nn::make_norm(recipe.norm, channels, recipe.epsilon));
    };
    const auto convolution = [&](torch::nn::Module& parent, const char* name, int64_t in, int64_t out) {
      const nn::Conv::Shape shape{.dims = place.dims, .in = in, .out = out, .kernel = 1, .bias = true};
      return parent.register_module(name, std::make_shared<nn::Conv>(shape));
    };
    if (place.halving) {
      shortcut_ = register_module(
          "shortcut",
          std::make_shared<HybridShortcut>(place, recipe.pool, place.in != place.out, recipe.shortcut_bias));
      // Of timm's norm and pool, which follow each other there.
      norm1_ = norm(*register_module("norm1", std::make_shared<torch::nn::Module>()), "norm", place.in);
    } else {
      norm1_ = norm(*this, "norm1", place.in);
    }
    attention_ = register_module(
        "attn", std::make_shared<MapAttention>(recipe.attention, place.in, place.out, place.size));
    scale1_ = add_layer_scale(*this, "ls1", place.out, recipe.layer_scale, 1);
    norm2_ = norm(*this, "norm2", place.out);
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    fc1_ = convolution(*mlp, "fc1", place.out, 4 * place.out);
    fc2_ = convolution(*mlp, "fc2", 4 * place.out, place.out);
    scale2_ = add_layer_scale(*this, "ls2", place.out, recipe.layer_scale, 1);
    drop_path_ = register_module("drop_path", std::make_shared<nn::DropPath>(place.drop_path));
    initialize_transformer(*this);
  }

  at::Tensor forward(const at::Tensor& input) override {
    at::Tensor branch = norm1_->forward(input);
    branch = attention_->forward(shortcut_ ? halve(recipe_.pool, branch) : branch);
    if (scale1_) branch = scale1_->forward(branch);
    const at::Tensor x = (shortcut_ ? shortcut_->forward(input) : input) + drop_path_->forward(branch);
    branch = fc2_->forward(activate(recipe_.activation, fc1_->forward(norm2_->forward(x))));
    if (scale2_) branch = scale2_->forward(branch);
    const at::Tensor y = x + drop_path_->forward(branch);
    nn::report(*this, input, y);
    return y;
  }

 private:
  HybridTransformerRecipe recipe_;
  std::shared_ptr<HybridShortcut> shortcut_;  ///< null where the input is the shortcut
  std::shared_ptr<nn::Norm> norm1_, norm2_;
  std::shared_ptr<MapAttention> attention_;
  std::shared_ptr<nn::LayerScale> scale1_, scale2_;  ///< null without
  std::shared_ptr<nn::Conv> fc1_, fc2_;
  std::shared_ptr<nn::DropPath> drop_path_;
};

}  // namespace

void describe(config::Fields& f, CoAtNetOptions& o) {
  f("variant", o.variant, "as in timm; 0 to 5: the paper's; rmlp takes images of any size",
    {.one_of = names_of(coatnet_variants())});
  describe_sizes(f, o.sizes);
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
}

std::shared_ptr<Backbone> make_coatnet(const CoAtNetOptions& options, const InputShape& shape,
                                       int64_t classes) {
  const HybridRecipe recipe = chosen_recipe("coatnet", coatnet_variants(), options.variant, options.sizes);
  require_multiples("coatnet", shape, 32);
  return std::make_shared<HybridNet>(
      recipe, shape.channels, HybridNet::Input{shape.size}, options.sizes.drop_path, classes,
      std::vector<nn::Dialect>{{.library = "timm", .classifier = {"head."}}},
      [&](size_t stage, const HybridPlace& place) -> std::shared_ptr<HybridBlock> {
        if (stage < 2) return std::make_shared<MbConv>(recipe.conv, place);
        return std::make_shared<CoAtNetBlock>(recipe.transformer, place);
      });
}

EncoderRow coatnet_row() {
  return image_encoder_row<CoAtNetOptions, make_coatnet>(
      "coatnet", "stages of convolution, then of attention, 2D or 3D",
      {.source = "Dai et al. 2021, arXiv 2106.04803", .parity = {"timm"}});
}

}  // namespace photo51::backbones

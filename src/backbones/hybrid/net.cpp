#include "backbones/hybrid/net.hpp"

#include <algorithm>
#include <utility>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/nn/layers/drop_path.hpp"

namespace photo51::backbones {

void describe_sizes(config::Fields& f, HybridSizes& sizes) {
  f("embed_dim", sizes.embed_dim, "channels of each of the four stages; empty: the variant's", {.min = 1});
  f("depths", sizes.depths, "blocks of each stage; empty: the variant's", {.min = 1});
  f("stem_width", sizes.stem_width, "channels of the stem's two convolutions; empty: the variant's",
    {.min = 1});
  f("dim_head", sizes.dim_head, "channels of an attention head", {.min = 1});
  f("drop_path", sizes.drop_path,
    "how often the last block's branches are left out in training; it grows from 0 at the first block",
    {.min = 0, .max = 1});
  if (!sizes.embed_dim.empty())
    f.check_count(sizes.embed_dim.size(), 4, "embed_dim", "needs four numbers, one a stage");
  if (!sizes.depths.empty())
    f.check_count(sizes.depths.size(), 4, "depths", "needs four numbers, one a stage");
  if (!sizes.stem_width.empty())
    f.check_count(sizes.stem_width.size(), 2, "stem_width", "needs two numbers, one a convolution");
  f.check(sizes.drop_path < 1, "drop_path", "must be below 1");
}

std::vector<std::string> names_of(const std::vector<HybridVariant>& variants) {
  std::vector<std::string> names;
  for (const auto& variant : variants) names.emplace_back(variant.name);
  return names;
}

HybridRecipe chosen_recipe(const std::string& network, const std::vector<HybridVariant>& variants,
                           const std::string& variant, const HybridSizes& sizes) {
  const auto found =
      std::ranges::find_if(variants, [&](const HybridVariant& one) { return variant == one.name; });
  if (found == variants.end())
    core::fail_usage("`" + network + "` has no `variant` " + variant +
                     core::suggest(variant, names_of(variants)));
  HybridRecipe recipe = found->recipe;
  if (!sizes.embed_dim.empty()) recipe.embed_dim = sizes.embed_dim;
  if (!sizes.depths.empty()) recipe.depths = sizes.depths;
  if (!sizes.stem_width.empty()) recipe.stem_width = sizes.stem_width;
  recipe.transformer.attention.dim_head = sizes.dim_head;
  for (const int64_t width : recipe.embed_dim)
    if (width % sizes.dim_head != 0)
      core::fail_usage("the `dim_head` of `" + network + "` (" + std::to_string(sizes.dim_head) +
                       ") must divide its channels (" + std::to_string(width) +
                       "); change `dim_head` or `embed_dim`");
  return recipe;
}

void require_multiples(const std::string& network, const InputShape& shape, int64_t unit) {
  if (shape.size.empty())
    core::fail_usage("`" + network + "` needs images of one size; set the input's `preprocess.size`");
  for (const int64_t edge : shape.size)
    if (edge % unit != 0)
      core::fail_usage("`" + network + "` takes images whose size is a multiple of " + std::to_string(unit) +
                       ", not " + std::to_string(edge) + "; change the input's `preprocess.size`");
}

HybridNet::HybridNet(const HybridRecipe& recipe, int64_t channels, Input input, double drop_path,
                     int64_t classes, std::vector<nn::Dialect> dialects, const MakeBlock& make)
    : activation_(recipe.conv.activation), input_(std::move(input)), dialects_(std::move(dialects)) {
  const auto dims = static_cast<int64_t>(input_.size.size());
  stem_ = register_module("stem", std::make_shared<torch::nn::Module>());
  const auto convolution = [&](const char* name, int64_t in, int64_t out, int64_t stride, bool bias) {
    const nn::Conv::Shape shape{
        .dims = dims, .in = in, .out = out, .stride = stride, .same = recipe.conv.same, .bias = bias};
    return stem_->register_module(name, std::make_shared<nn::Conv>(shape));
  };
  stem_conv1_ = convolution("conv1", channels, recipe.stem_width[0], 2, recipe.stem_bias1);
  stem_norm_ = stem_->register_module(
      "norm1", std::make_shared<nn::BatchNorm>(recipe.stem_width[0], recipe.conv.epsilon));
  stem_conv2_ = convolution("conv2", recipe.stem_width[0], recipe.stem_width[1], 1, recipe.stem_bias2);
  widths_.push_back(recipe.stem_width[1]);

  int64_t blocks = 0;
  for (const int64_t depth : recipe.depths) blocks += depth;
  const auto rates = nn::drop_path_rates(drop_path, blocks);
  auto rate = rates.begin();
  auto all = register_module("stages", std::make_shared<torch::nn::Module>());
  std::vector<int64_t> size = input_.size;
  for (int64_t& edge : size) edge /= 2;
  for (size_t stage = 0; stage < recipe.depths.size(); ++stage) {
    for (int64_t& edge : size) edge /= 2;
    auto module = all->register_module(std::to_string(stage), std::make_shared<torch::nn::Module>());
    auto list = module->register_module("blocks", std::make_shared<torch::nn::Module>());
    auto& made = stages_.emplace_back(Stage{module, {}}).blocks;
    for (int64_t i = 0; i < recipe.depths[stage]; ++i) {
      const HybridPlace place{dims, widths_.back(), recipe.embed_dim[stage], i == 0, *rate++, size};
      const HybridPlace next{dims, place.out, place.out, false, place.drop_path, size};
      made.push_back(list->register_module(std::to_string(i), make(stage, i == 0 ? place : next)));
    }
    widths_.push_back(recipe.embed_dim[stage]);
  }

  const int64_t width = widths_.back();
  const auto& transformer = recipe.transformer;
  if (!recipe.head_hidden)
    norm_ = register_module("norm", nn::make_norm(transformer.norm, width, transformer.epsilon));
  if (classes == 0) return;
  auto head = register_module("head", std::make_shared<torch::nn::Module>());
  if (recipe.head_hidden) {
    head_norm_ = head->register_module("norm", std::make_shared<nn::LayerNorm>(width, transformer.epsilon));
    auto before = head->register_module("pre_logits", std::make_shared<torch::nn::Module>());
    hidden_ = before->register_module("fc", std::make_shared<nn::Linear>(width, width));
  }
  classifier_ = head->register_module("fc", std::make_shared<nn::Linear>(width, classes, recipe.head_bias));
}

void HybridNet::require_size(const at::Tensor& image) const {
  for (size_t axis = 0; axis < input_.size.size(); ++axis) {
    const int64_t given = image.size(static_cast<int64_t>(axis) + 2), wanted = input_.size[axis];
    if (given == wanted || (input_.multiples && given % wanted == 0 && given > 0)) continue;
    core::fail_data("the network takes images of " + std::string(input_.multiples ? "multiples of " : "") +
                    c10::str(at::IntArrayRef(input_.size)) + " and got " + c10::str(image.sizes().slice(2)) +
                    "; set the input's `preprocess.size`");
  }
}

Features HybridNet::features(const at::Tensor& image) {
  require_size(image);
  Features found;
  at::Tensor x = stem_conv2_->forward(activate(activation_, nn::conv_norm(*stem_conv1_, *stem_norm_, image)));
  nn::report(*stem_, image, x);
  found.stages.push_back(x);
  for (const auto& stage : stages_) {
    const at::Tensor input = x;
    for (const auto& block : stage.blocks) x = block->forward(x);
    nn::report(*stage.module, input, x);
    found.stages.push_back(x);
  }
  if (norm_) found.stages.back() = norm_->forward(x);
  return found;
}

at::Tensor HybridNet::logits(const at::Tensor& image) {
  if (!hidden_) return Backbone::logits(image);
  const at::Tensor mean = features(image).stages.back().flatten(2).mean(2);
  return classifier_->forward(at::tanh(hidden_->forward(head_norm_->forward(mean))));
}

}  // namespace photo51::backbones

#pragma once
/// The frame of networks of convolution and attention: a stem, stages that each begin by halving, a norm or a
/// perceptron before the classifier. timm's names.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backbones/hybrid/block.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/hybrid/hybrid_sizes.hpp"
#include "photo51/backbones/input_shape.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/norm.hpp"

namespace photo51::backbones {

/// A published network's name and how it is built.
struct HybridVariant {
  const char* name;
  HybridRecipe recipe;
};
std::vector<std::string> names_of(const std::vector<HybridVariant>& variants);

/// The recipe of the variant of that name with these sizes. Errors (usage) that name `network`: there is no
/// such variant; `dim_head` does not divide the channels.
HybridRecipe chosen_recipe(const std::string& network, const std::vector<HybridVariant>& variants,
                           const std::string& variant, const HybridSizes& sizes);
/// Error (usage) that names `network`: the images' size is unknown or no multiple of `unit`.
void require_multiples(const std::string& network, const InputShape& shape, int64_t unit);

class HybridNet final : public Backbone {
 public:
  /// What the network was built for: images of exactly `size`, or (`multiples`) of whole multiples of it.
  struct Input {
    std::vector<int64_t> size;
    bool multiples = false;
  };
  /// `stage` counts from 0.
  using MakeBlock = std::function<std::shared_ptr<HybridBlock>(size_t stage, const HybridPlace& place)>;

  HybridNet(const HybridRecipe& recipe, int64_t channels, Input input, double drop_path, int64_t classes,
            std::vector<nn::Dialect> dialects, const MakeBlock& make);
  /// Error (data): images of another size than those it was built for.
  Features features(const at::Tensor& image) override;
  at::Tensor logits(const at::Tensor& image) override;
  std::vector<int64_t> widths() const override { return widths_; }
  std::vector<nn::Dialect> dialects() const override { return dialects_; }

 private:
  struct Stage {
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<HybridBlock>> blocks;
  };
  void require_size(const at::Tensor& image) const;

  HybridActivation activation_;
  Input input_;
  std::vector<nn::Dialect> dialects_;
  std::vector<int64_t> widths_;
  std::shared_ptr<torch::nn::Module> stem_;
  std::shared_ptr<nn::Conv> stem_conv1_, stem_conv2_;
  std::shared_ptr<nn::Norm> stem_norm_, norm_;  ///< `norm_`: null with a hidden layer in the head
  std::vector<Stage> stages_;
  std::shared_ptr<nn::LayerNorm> head_norm_;  ///< null without a hidden layer
  std::shared_ptr<nn::Linear> hidden_;
};

}  // namespace photo51::backbones

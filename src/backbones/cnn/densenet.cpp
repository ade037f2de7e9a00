#include "photo51/backbones/cnn/densenet.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/nn/layers/norm.hpp"

namespace photo51::backbones {
namespace {

struct DenseNetDepth {
  int64_t layers, growth_rate;
  std::vector<int64_t> blocks;
};

const DenseNetDepth* find_densenet_depth(int64_t layers) {
  static const std::vector<DenseNetDepth> depths{{121, 32, {6, 12, 24, 16}},
                                                 {161, 48, {6, 12, 36, 24}},
                                                 {169, 32, {6, 12, 32, 32}},
                                                 {201, 32, {6, 12, 48, 32}}};
  const auto found = std::find_if(depths.begin(), depths.end(),
                                  [&](const DenseNetDepth& depth) { return depth.layers == layers; });
  return found == depths.end() ? nullptr : &*found;
}
constexpr const char* densenet_depth_rule = "must be 121, 161, 169 or 201";

}  // namespace

void describe(config::Fields& f, DenseNetOptions& o) {
  f("depth", o.depth, "layers: 121, 161, 169 or 201");
  f("block_config", o.block_config, "layers of each block; empty = as `depth` says", {.min = 1});
  f("growth_rate", o.growth_rate, "channels that a layer adds; 0 = as `depth` says", {.min = 0});
  f("init_features", o.init_features, "channels of the stem; 0 = twice the growth rate", {.min = 0});
  f("bn_size", o.bn_size, "channels inside a layer, in growth rates", {.min = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
  f("dropout", o.dropout, "dropout of what each layer adds", {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none}, "token_dropout");
  f.check(find_densenet_depth(o.depth) != nullptr, "depth", densenet_depth_rule);
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

namespace {

/// He initialisation by inputs, as torchvision's DenseNets have it.
std::shared_ptr<nn::Conv> densenet_conv(const nn::Conv::Shape& shape) {
  auto conv = std::make_shared<nn::Conv>(shape);
  if (!nn::SkipInit::active()) {
    const at::NoGradGuard no_grad;
    const auto inputs = static_cast<double>(conv->weight.numel() / conv->weight.size(0));
    conv->weight.normal_(0, std::sqrt(2.0 / inputs));
  }
  return conv;
}

/// Norm, ReLU, 1-wide convolution and the same with a 3-wide one.
class DenseLayer : public torch::nn::Module {
 public:
  DenseLayer(const DenseNetOptions& options, int64_t dims, int64_t in, int64_t growth_rate) {
    const int64_t inner = options.bn_size * growth_rate;
    norm1_ = register_module("norm1", nn::make_norm(options.norm, in));
    conv1_ = register_module("conv1", densenet_conv({.dims = dims, .in = in, .out = inner, .kernel = 1}));
    norm2_ = register_module("norm2", nn::make_norm(options.norm, inner));
    conv2_ = register_module("conv2", densenet_conv({.dims = dims, .in = inner, .out = growth_rate}));
    if (options.dropout > 0)
      dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
  }

  /// The new channels only.
  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor inner = nn::conv_norm(*conv1_, *norm2_, norm1_->forward(x, {.slope = 0}), {.slope = 0});
    at::Tensor y = conv2_->forward(inner);
    if (dropout_) y = dropout_->forward(y);
    nn::report(*this, x, y);
    return y;
  }

 private:
  std::shared_ptr<nn::Norm> norm1_, norm2_;
  std::shared_ptr<nn::Conv> conv1_, conv2_;
  std::shared_ptr<nn::Dropout> dropout_;
};

class DenseTransition : public torch::nn::Module {
 public:
  DenseTransition(const std::string& norm, int64_t dims, int64_t in) {
    norm_ = register_module("norm", nn::make_norm(norm, in));
    conv_ = register_module("conv", densenet_conv({.dims = dims, .in = in, .out = in / 2, .kernel = 1}));
  }

  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor y = halved(conv_->forward(norm_->forward(x, {.slope = 0})));
    nn::report(*this, x, y);
    return y;
  }

 private:
  static at::Tensor halved(const at::Tensor& x) {
    if (x.dim() == 4) return at::avg_pool2d(x, 2, 2);
    // LibTorch averages volumes in float32 and contiguous only; all later layers would take them so.
    return at::avg_pool3d(x, 2, 2).to(x.scalar_type()).contiguous(x.suggest_memory_format());
  }

  std::shared_ptr<nn::Norm> norm_;
  std::shared_ptr<nn::Conv> conv_;
};

class DenseNet final : public Backbone {
 public:
  DenseNet(const DenseNetOptions& options, const DenseNetDepth& depth, const InputShape& shape,
           int64_t classes) {
    const auto& counts = options.block_config.empty() ? depth.blocks : options.block_config;
    require_size(shape.size, counts.size());
    const int64_t growth_rate = options.growth_rate > 0 ? options.growth_rate : depth.growth_rate;
    int64_t width = options.init_features > 0 ? options.init_features : 2 * growth_rate;
    auto all = register_module("features", std::make_shared<torch::nn::Module>());
    stem_ = all->register_module(
        "conv0",
        densenet_conv({.dims = shape.dims, .in = shape.channels, .out = width, .kernel = 7, .stride = 2}));
    stem_norm_ = all->register_module("norm0", nn::make_norm(options.norm, width));
    for (size_t i = 0; i < counts.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      auto module = all->register_module("denseblock" + number, std::make_shared<torch::nn::Module>());
      auto& block = blocks_.emplace_back(Block{module, {}, nullptr});
      for (int64_t layer = 1; layer <= counts[i]; ++layer) {
        block.layers.push_back(
            module->register_module("denselayer" + std::to_string(layer),
                                    std::make_shared<DenseLayer>(options, shape.dims, width, growth_rate)));
        width += growth_rate;
      }
      widths_.push_back(width);
      if (i + 1 == counts.size()) break;
      block.transition = all->register_module(
          "transition" + number, std::make_shared<DenseTransition>(options.norm, shape.dims, width));
      width /= 2;
    }
    norm_ = all->register_module("norm5", nn::make_norm(options.norm, width));
    if (classes > 0) {
      classifier_ = register_module("classifier", std::make_shared<nn::Linear>(width, classes));
      if (!nn::SkipInit::active()) {
        const at::NoGradGuard no_grad;
        classifier_->bias.zero_();
      }
    }
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = nn::conv_norm(*stem_, *stem_norm_, image, {.slope = 0});
    x = x.dim() == 5 ? at::max_pool3d(x, 3, 2, 1) : at::max_pool2d(x, 3, 2, 1);
    for (const auto& block : blocks_) {
      const at::Tensor input = x;
      for (const auto& layer : block.layers) x = at::cat({x, layer->forward(x)}, 1);
      nn::report(*block.module, input, x);
      if (!block.transition) break;
      found.stages.push_back(x);
      x = block.transition->forward(x);
    }
    found.stages.push_back(norm_->forward(x, {.slope = 0}));
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    const std::string layer = "features.denseblock*.denselayer*.";
    return {{.library = "torchvision", .classifier = {"classifier."}},
            {.library = "torchvision 0.2",  // and its published weights
             .renames = {{layer + "norm.*", layer + "norm*"}, {layer + "conv.*", layer + "conv*"}},
             .classifier = {"classifier."}},
            {.library = "timm", .classifier = {"classifier."}},
            {.library = "MONAI",
             .renames = {{layer + "layers", "features.denseblock*.denselayer*"},
                         {"class_layers.out", "classifier"}},
             .classifier = {"class_layers."}}};
  }

 private:
  /// Stem and pool halve it and round up; each transition halves it and rounds down.
  static void require_size(const std::vector<int64_t>& size, size_t blocks) {
    const int64_t least = (int64_t{1} << (blocks + 1)) - 3;
    for (const int64_t edge : size)
      if (edge < least)
        core::fail_usage("a densenet of " + std::to_string(blocks) + " blocks needs images of at least " +
                         std::to_string(least) + " voxels along each axis, not " + std::to_string(edge) +
                         "; change the input's `preprocess.size`, or give fewer blocks in `block_config`");
  }

  struct Block {
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<DenseLayer>> layers;
    std::shared_ptr<DenseTransition> transition;  ///< null behind the last
  };
  std::vector<int64_t> widths_;
  std::shared_ptr<nn::Conv> stem_;
  std::shared_ptr<nn::Norm> stem_norm_, norm_;
  std::vector<Block> blocks_;
};

}  // namespace

std::shared_ptr<Backbone> make_densenet(const DenseNetOptions& options, const InputShape& shape,
                                        int64_t classes) {
  const DenseNetDepth* depth = find_densenet_depth(options.depth);
  if (depth == nullptr)
    core::fail_usage(std::string("the densenet's `depth` ") + densenet_depth_rule + ", not " +
                     std::to_string(options.depth));
  return std::make_shared<DenseNet>(options, *depth, shape, classes);
}

EncoderRow densenet_row() {
  return image_encoder_row<DenseNetOptions, make_densenet>(
      "densenet", "densely connected convolutional network, 2D or 3D",
      {.source = "Huang et al. 2017, arXiv 1608.06993", .parity = {"torchvision", "timm", "MONAI"}});
}

}  // namespace photo51::backbones

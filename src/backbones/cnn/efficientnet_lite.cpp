#include "photo51/backbones/cnn/efficientnet_lite.hpp"

#include <torch/nn/module.h>

#include <string>

namespace photo51::backbones {
namespace {

/// One row of the architecture: blocks of inverted residuals (expand, depthwise, project).
struct Stage {
  int64_t blocks, kernel, stride, expansion, out;
};
constexpr Stage stages[] = {{1, 3, 1, 1, 16},  {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80},
                            {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320}};
constexpr int64_t stem_width = 32, head_width = 1280;

}  // namespace

/// Convolution, batch norm and, except at the end of a block, ReLU6.
class EfficientNetLite::Layer {
 public:
  struct Names {
    const char *convolution, *norm;
  };
  Layer(torch::nn::Module& parent, const Names& names, const nn::Conv::Shape& shape,
        const EfficientNetLiteOptions& options, bool activated = true)
      : activated_(activated) {
    nn::Conv::Shape padded = shape;
    padded.dims = 2;
    padded.same = options.padding == "same";
    convolution_ = parent.register_module(names.convolution, std::make_shared<nn::Conv>(padded));
    norm_ = parent.register_module(names.norm,
                                   std::make_shared<nn::Norm>("batch", shape.out, options.norm_epsilon));
  }
  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = norm_->forward(convolution_->forward(x));
    return activated_ ? at::relu6_(y) : y;
  }

 private:
  std::shared_ptr<nn::Conv> convolution_;
  std::shared_ptr<nn::Norm> norm_;
  bool activated_;
};

class EfficientNetLite::Block : public torch::nn::Module {
 public:
  Block(const Stage& stage, int64_t in, int64_t stride, const EfficientNetLiteOptions& options)
      : shortcut_(stride == 1 && in == stage.out) {
    const int64_t wide = in * stage.expansion;
    const nn::Conv::Shape depthwise{
        .in = wide, .out = wide, .kernel = stage.kernel, .stride = stride, .groups = wide};
    if (stage.expansion == 1) {
      layers_.emplace_back(*this, Layer::Names{"conv_dw", "bn1"}, depthwise, options);
      layers_.emplace_back(*this, Layer::Names{"conv_pw", "bn2"},
                           nn::Conv::Shape{.in = wide, .out = stage.out, .kernel = 1}, options, false);
      return;
    }
    layers_.emplace_back(*this, Layer::Names{"conv_pw", "bn1"},
                         nn::Conv::Shape{.in = in, .out = wide, .kernel = 1}, options);
    layers_.emplace_back(*this, Layer::Names{"conv_dw", "bn2"}, depthwise, options);
    layers_.emplace_back(*this, Layer::Names{"conv_pwl", "bn3"},
                         nn::Conv::Shape{.in = wide, .out = stage.out, .kernel = 1}, options, false);
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = x;
    for (auto& layer : layers_) y = layer.forward(y);
    return shortcut_ ? y + x : y;
  }

 private:
  bool shortcut_;
  std::vector<Layer> layers_;
};

EfficientNetLite::EfficientNetLite(const EfficientNetLiteOptions& options, int64_t channels,
                                   int64_t classes) {
  stem_ = std::make_shared<Layer>(
      *this, Layer::Names{"conv_stem", "bn1"},
      nn::Conv::Shape{.in = channels, .out = stem_width, .kernel = 3, .stride = 2}, options);
  auto all = register_module("blocks", std::make_shared<torch::nn::Module>());
  int64_t width = stem_width, number = 0;
  for (const auto& stage : stages) {
    auto group = all->register_module(std::to_string(number++), std::make_shared<torch::nn::Module>());
    for (int64_t i = 0; i < stage.blocks; ++i) {
      blocks_.push_back(group->register_module(
          std::to_string(i), std::make_shared<Block>(stage, width, i == 0 ? stage.stride : 1, options)));
      width = stage.out;
    }
  }
  head_ = std::make_shared<Layer>(*this, Layer::Names{"conv_head", "bn2"},
                                  nn::Conv::Shape{.in = width, .out = head_width, .kernel = 1}, options);
  if (classes > 0)
    classifier_ = register_module("classifier", std::make_shared<nn::Linear>(head_width, classes));
}

EfficientNetLite::~EfficientNetLite() = default;

int64_t EfficientNetLite::width() const {
  return head_width;
}

at::Tensor EfficientNetLite::feature_map(const at::Tensor& image) {
  at::Tensor x = stem_->forward(image);
  for (const auto& block : blocks_) x = block->forward(x);
  return head_->forward(x);
}

at::Tensor EfficientNetLite::tokens(const at::Tensor& image) {
  return feature_map(image).flatten(2).transpose(1, 2);
}

at::Tensor EfficientNetLite::logits(const at::Tensor& image) {
  return classifier_->forward(feature_map(image).flatten(2).mean(2));
}

}  // namespace photo51::backbones

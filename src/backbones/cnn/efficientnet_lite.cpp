#include "photo51/backbones/cnn/efficientnet_lite.hpp"

#include <torch/nn/module.h>

#include <array>
#include <iterator>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/conv.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(ConvPadding) {
  static constexpr std::array<std::string_view, 2> names{"symmetric", "same"};
  return names;
}

void describe(config::Fields& f, EfficientNetLiteOptions& o) {
  f("norm_epsilon", o.norm_epsilon, "of batch norm: 1e-5, or 1e-3 for weights that come from TensorFlow",
    {.min = 1e-9, .max = 1});
  f("padding", o.padding, "symmetric, or same: TensorFlow's, uneven where the stride is 2");
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
}

namespace {

/// One row of the architecture: blocks of inverted residuals (expand, depthwise, project).
struct LiteStage {
  int64_t blocks, kernel, stride, expansion, out;
};
constexpr LiteStage stages[] = {{1, 3, 1, 1, 16},  {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80},
                                {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320}};
constexpr int64_t stem_width = 32, head_width = 1280;

/// Convolution, batch norm and, except at the end of a block, ReLU6.
class LiteLayer {
 public:
  struct Names {
    const char *convolution, *norm;
  };
  LiteLayer(torch::nn::Module& parent, const Names& names, const nn::Conv::Shape& shape,
            const EfficientNetLiteOptions& options, bool activated = true)
      : activated_(activated) {
    nn::Conv::Shape padded = shape;
    padded.dims = 2;
    padded.same = options.padding == ConvPadding::same;
    convolution_ = parent.register_module(names.convolution, std::make_shared<nn::Conv>(padded));
    norm_ =
        parent.register_module(names.norm, std::make_shared<nn::BatchNorm>(shape.out, options.norm_epsilon));
  }
  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = norm_->forward(convolution_->forward(x));
    return activated_ ? at::relu6_(y) : y;
  }

 private:
  std::shared_ptr<nn::Conv> convolution_;
  std::shared_ptr<nn::BatchNorm> norm_;
  bool activated_;
};

class LiteBlock : public torch::nn::Module {
 public:
  LiteBlock(const LiteStage& stage, int64_t in, int64_t stride, const EfficientNetLiteOptions& options)
      : shortcut_(stride == 1 && in == stage.out) {
    const int64_t wide = in * stage.expansion;
    const nn::Conv::Shape depthwise{
        .in = wide, .out = wide, .kernel = stage.kernel, .stride = stride, .groups = wide};
    if (stage.expansion == 1) {
      layers_.emplace_back(*this, LiteLayer::Names{"conv_dw", "bn1"}, depthwise, options);
      layers_.emplace_back(*this, LiteLayer::Names{"conv_pw", "bn2"},
                           nn::Conv::Shape{.in = wide, .out = stage.out, .kernel = 1}, options, false);
      return;
    }
    layers_.emplace_back(*this, LiteLayer::Names{"conv_pw", "bn1"},
                         nn::Conv::Shape{.in = in, .out = wide, .kernel = 1}, options);
    layers_.emplace_back(*this, LiteLayer::Names{"conv_dw", "bn2"}, depthwise, options);
    layers_.emplace_back(*this, LiteLayer::Names{"conv_pwl", "bn3"},
                         nn::Conv::Shape{.in = wide, .out = stage.out, .kernel = 1}, options, false);
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = x;
    for (auto& layer : layers_) y = layer.forward(y);
    if (shortcut_) y = y + x;
    nn::report(*this, x, y);
    return y;
  }

 private:
  bool shortcut_;
  std::vector<LiteLayer> layers_;
};

class EfficientNetLite final : public Backbone {
 public:
  EfficientNetLite(const EfficientNetLiteOptions& options, int64_t channels, int64_t classes) {
    stem_ = std::make_shared<LiteLayer>(
        *this, LiteLayer::Names{"conv_stem", "bn1"},
        nn::Conv::Shape{.in = channels, .out = stem_width, .kernel = 3, .stride = 2}, options);
    auto all = register_module("blocks", std::make_shared<torch::nn::Module>());
    int64_t width = stem_width, number = 0;
    for (const auto& stage : stages) {
      auto module = all->register_module(std::to_string(number++), std::make_shared<torch::nn::Module>());
      auto& blocks = groups_.emplace_back(Group{module, {}}).blocks;
      for (int64_t i = 0; i < stage.blocks; ++i) {
        blocks.push_back(module->register_module(
            std::to_string(i),
            std::make_shared<LiteBlock>(stage, width, i == 0 ? stage.stride : 1, options)));
        width = stage.out;
      }
    }
    head_ =
        std::make_shared<LiteLayer>(*this, LiteLayer::Names{"conv_head", "bn2"},
                                    nn::Conv::Shape{.in = width, .out = head_width, .kernel = 1}, options);
    if (classes > 0)
      classifier_ = register_module("classifier", std::make_shared<nn::Linear>(head_width, classes));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = stem_->forward(image);
    for (size_t i = 0; i < groups_.size(); ++i) {
      const at::Tensor input = x;
      for (const auto& block : groups_[i].blocks) x = block->forward(x);
      nn::report(*groups_[i].module, input, x);
      if (is_last_of_its_size(i)) found.stages.push_back(x);
    }
    found.stages.push_back(head_->forward(x));
    return found;
  }

  std::vector<int64_t> widths() const override {
    std::vector<int64_t> widths;
    for (size_t i = 0; i < std::size(stages); ++i)
      if (is_last_of_its_size(i)) widths.push_back(stages[i].out);
    widths.push_back(head_width);
    return widths;
  }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "timm", .classifier = {"classifier."}}};
  }

 private:
  struct Group {
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<LiteBlock>> blocks;
  };
  /// Before the next one halves it; the coarsest map is the head's.
  static bool is_last_of_its_size(size_t stage) {
    return stage + 1 < std::size(stages) && stages[stage + 1].stride > 1;
  }
  std::shared_ptr<LiteLayer> stem_, head_;
  std::vector<Group> groups_;
};

}  // namespace

std::shared_ptr<Backbone> make_efficientnet_lite0(const EfficientNetLiteOptions& options,
                                                  const InputShape& shape, int64_t classes) {
  if (shape.dims != 2)
    core::fail_usage("`efficientnet_lite0` takes 2D images; set the input's dims: 2, or use `resnet`");
  return std::make_shared<EfficientNetLite>(options, shape.channels, classes);
}

EncoderRow efficientnet_lite0_row() {
  return image_encoder_row<EfficientNetLiteOptions, make_efficientnet_lite0>("efficientnet_lite0",
                                                                             "EfficientNet-Lite0, 2D");
}

}  // namespace photo51::backbones

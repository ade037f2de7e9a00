#include "photo51/backbones/cnn/resnet.hpp"

#include <torch/nn/module.h>

#include <array>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/norm.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(ResNetStem) {
  static constexpr std::array<std::string_view, 2> names{"standard", "small"};
  return names;
}

void describe(config::Fields& f, ResNetOptions& o) {
  f("depth", o.depth, "layers: 18, 34 (basic blocks) or 50 (bottlenecks)");
  f("width", o.width, "channels of the first stage; each further stage doubles them", {.min = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
  f("stem", o.stem, "standard: 7-wide convolution and max pool; small: 3-wide convolution, no pool");
  f("stem_stride", o.stem_stride, "stride of the stem's convolution (torchvision: 2, MONAI: 1)",
    {.min = 1, .max = 4});
  f("downsample_bias", o.downsample_bias, "bias in the shortcuts' convolutions, as MONAI's ResNets have");
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
  f.check(o.depth == 18 || o.depth == 34 || o.depth == 50, "depth", "must be 18, 34 or 50");
}

namespace {

/// A basic block (two 3-wide convolutions) or a bottleneck (1, 3, 1), and its shortcut.
class ResNetBlock : public torch::nn::Module {
 public:
  struct Shape {
    int64_t dims, in, planes, stride;
    bool bottleneck, downsample_bias;
  };
  static int64_t expansion(bool bottleneck) { return bottleneck ? 4 : 1; }

  ResNetBlock(const Shape& shape, const std::string& norm) {
    const int64_t out = shape.planes * expansion(shape.bottleneck);
    if (shape.bottleneck) {
      add(shape.dims, shape.in, shape.planes, 1, 1, norm);
      add(shape.dims, shape.planes, shape.planes, 3, shape.stride, norm);
      add(shape.dims, shape.planes, out, 1, 1, norm);
    } else {
      add(shape.dims, shape.in, shape.planes, 3, shape.stride, norm);
      add(shape.dims, shape.planes, out, 3, 1, norm);
    }
    if (shape.stride == 1 && shape.in == out) return;
    auto downsample = register_module("downsample", std::make_shared<torch::nn::Module>());
    shortcut_ = downsample->register_module(
        "0", std::make_shared<nn::Conv>(nn::Conv::Shape{.dims = shape.dims,
                                                        .in = shape.in,
                                                        .out = out,
                                                        .kernel = 1,
                                                        .stride = shape.stride,
                                                        .bias = shape.downsample_bias}));
    shortcut_norm_ = downsample->register_module("1", nn::make_norm(norm, out));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor out = x;
    for (size_t i = 0; i < convolutions_.size(); ++i) {
      out = norms_[i]->forward(convolutions_[i]->forward(out));
      if (i + 1 < convolutions_.size()) out.relu_();
    }
    const at::Tensor shortcut = shortcut_ ? shortcut_norm_->forward(shortcut_->forward(x)) : x;
    out.add_(shortcut).relu_();
    nn::report(*this, x, out);
    return out;
  }

 private:
  void add(int64_t dims, int64_t in, int64_t out, int64_t kernel, int64_t stride, const std::string& norm) {
    const std::string number = std::to_string(convolutions_.size() + 1);
    const nn::Conv::Shape shape{.dims = dims, .in = in, .out = out, .kernel = kernel, .stride = stride};
    convolutions_.push_back(register_module("conv" + number, std::make_shared<nn::Conv>(shape)));
    norms_.push_back(register_module("bn" + number, nn::make_norm(norm, out)));
  }

  std::vector<std::shared_ptr<nn::Conv>> convolutions_;
  std::vector<std::shared_ptr<nn::Norm>> norms_;
  std::shared_ptr<nn::Conv> shortcut_;
  std::shared_ptr<nn::Norm> shortcut_norm_;
};

class ResNet final : public Backbone {
 public:
  ResNet(const ResNetOptions& options, const InputShape& shape, int64_t classes)
      : pool_(options.stem == ResNetStem::standard) {
    conv1_ =
        register_module("conv1", std::make_shared<nn::Conv>(nn::Conv::Shape{.dims = shape.dims,
                                                                            .in = shape.channels,
                                                                            .out = options.width,
                                                                            .kernel = pool_ ? 7 : 3,
                                                                            .stride = options.stem_stride}));
    bn1_ = register_module("bn1", nn::make_norm(options.norm, options.width));
    const bool bottleneck = options.depth == 50;
    const std::vector<int> counts =
        options.depth == 18 ? std::vector<int>{2, 2, 2, 2} : std::vector<int>{3, 4, 6, 3};
    int64_t width = options.width;
    for (size_t stage = 0; stage < counts.size(); ++stage) {
      auto module =
          register_module("layer" + std::to_string(stage + 1), std::make_shared<torch::nn::Module>());
      auto& blocks = stages_.emplace_back(Stage{module, {}}).blocks;
      const int64_t planes = options.width << stage;
      for (int i = 0; i < counts[stage]; ++i) {
        const ResNetBlock::Shape of{
            shape.dims, width, planes, stage > 0 && i == 0 ? 2 : 1, bottleneck, options.downsample_bias};
        blocks.push_back(
            module->register_module(std::to_string(i), std::make_shared<ResNetBlock>(of, options.norm)));
        width = planes * ResNetBlock::expansion(bottleneck);
      }
      widths_.push_back(width);
    }
    if (classes > 0) classifier_ = register_module("fc", std::make_shared<nn::Linear>(width, classes));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = bn1_->forward(conv1_->forward(image)).relu_();
    if (pool_) x = x.dim() == 5 ? at::max_pool3d(x, 3, 2, 1) : at::max_pool2d(x, 3, 2, 1);
    for (const auto& stage : stages_) {
      const at::Tensor input = x;
      for (const auto& block : stage.blocks) x = block->forward(x);
      nn::report(*stage.module, input, x);
      found.stages.push_back(x);
    }
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "torchvision", .classifier = {"fc."}},
            {.library = "timm", .classifier = {"fc."}},
            {.library = "MONAI", .classifier = {"fc."}}};
  }

 private:
  struct Stage {
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<ResNetBlock>> blocks;
  };
  bool pool_;
  std::vector<int64_t> widths_;
  std::shared_ptr<nn::Conv> conv1_;
  std::shared_ptr<nn::Norm> bn1_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_resnet(const ResNetOptions& options, const InputShape& shape,
                                      int64_t classes) {
  return std::make_shared<ResNet>(options, shape, classes);
}

EncoderRow resnet_row() {
  return image_encoder_row<ResNetOptions, make_resnet>(
      "resnet", "residual convolutional network, 2D or 3D",
      {{"MONAI", {"stem_stride=1", "downsample_bias=true"}}});
}

}  // namespace photo51::backbones

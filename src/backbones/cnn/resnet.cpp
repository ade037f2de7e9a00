#include "photo51/backbones/cnn/resnet.hpp"

#include <torch/nn/module.h>

#include <string>

namespace photo51::backbones {

/// A basic block (two 3-wide convolutions) or a bottleneck (1, 3, 1), and its shortcut.
class ResNet::Block : public torch::nn::Module {
 public:
  struct Shape {
    int64_t dims, in, planes, stride;
    bool bottleneck, downsample_bias;
  };
  static int64_t expansion(bool bottleneck) { return bottleneck ? 4 : 1; }

  Block(const Shape& shape, const std::string& norm) {
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
    shortcut_norm_ = downsample->register_module("1", std::make_shared<nn::Norm>(norm, out));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor out = x;
    for (size_t i = 0; i < convolutions_.size(); ++i) {
      out = norms_[i]->forward(convolutions_[i]->forward(out));
      if (i + 1 < convolutions_.size()) out.relu_();
    }
    const at::Tensor shortcut = shortcut_ ? shortcut_norm_->forward(shortcut_->forward(x)) : x;
    return out.add_(shortcut).relu_();
  }

 private:
  void add(int64_t dims, int64_t in, int64_t out, int64_t kernel, int64_t stride, const std::string& norm) {
    const std::string number = std::to_string(convolutions_.size() + 1);
    const nn::Conv::Shape shape{.dims = dims, .in = in, .out = out, .kernel = kernel, .stride = stride};
    convolutions_.push_back(register_module("conv" + number, std::make_shared<nn::Conv>(shape)));
    norms_.push_back(register_module("bn" + number, std::make_shared<nn::Norm>(norm, out)));
  }

  std::vector<std::shared_ptr<nn::Conv>> convolutions_;
  std::vector<std::shared_ptr<nn::Norm>> norms_;
  std::shared_ptr<nn::Conv> shortcut_;
  std::shared_ptr<nn::Norm> shortcut_norm_;
};

ResNet::~ResNet() = default;

ResNet::ResNet(const ResNetOptions& options, int64_t dims, int64_t channels, int64_t classes)
    : pool_(options.stem == "standard") {
  conv1_ =
      register_module("conv1", std::make_shared<nn::Conv>(nn::Conv::Shape{.dims = dims,
                                                                          .in = channels,
                                                                          .out = options.width,
                                                                          .kernel = pool_ ? 7 : 3,
                                                                          .stride = options.stem_stride}));
  bn1_ = register_module("bn1", std::make_shared<nn::Norm>(options.norm, options.width));
  const bool bottleneck = options.depth == 50;
  const std::vector<int> counts =
      options.depth == 18 ? std::vector<int>{2, 2, 2, 2} : std::vector<int>{3, 4, 6, 3};
  width_ = options.width;
  for (size_t stage = 0; stage < counts.size(); ++stage) {
    auto layer = register_module("layer" + std::to_string(stage + 1), std::make_shared<torch::nn::Module>());
    const int64_t planes = options.width << stage;
    for (int i = 0; i < counts[stage]; ++i) {
      const Block::Shape shape{
          dims, width_, planes, stage > 0 && i == 0 ? 2 : 1, bottleneck, options.downsample_bias};
      blocks_.push_back(
          layer->register_module(std::to_string(i), std::make_shared<Block>(shape, options.norm)));
      width_ = planes * Block::expansion(bottleneck);
    }
  }
  if (classes > 0) fc_ = register_module("fc", std::make_shared<nn::Linear>(width_, classes));
}

at::Tensor ResNet::feature_map(const at::Tensor& image) {
  at::Tensor x = bn1_->forward(conv1_->forward(image)).relu_();
  if (pool_) x = x.dim() == 5 ? at::max_pool3d(x, 3, 2, 1) : at::max_pool2d(x, 3, 2, 1);
  for (const auto& block : blocks_) x = block->forward(x);
  return x;
}

at::Tensor ResNet::tokens(const at::Tensor& image) {
  return feature_map(image).flatten(2).transpose(1, 2);
}

at::Tensor ResNet::logits(const at::Tensor& image) {
  return fc_->forward(feature_map(image).flatten(2).mean(2));
}

}  // namespace photo51::backbones

#include "photo51/backbones/cnn/conv_net.hpp"

#include <torch/nn/module.h>

#include <string>

namespace photo51::backbones {

ConvNet::ConvNet(const ConvNetOptions& options, int64_t dims, int64_t channels) : width_(channels) {
  for (size_t stage = 0; stage < options.widths.size(); ++stage) {
    auto module = register_module("stage" + std::to_string(stage + 1), std::make_shared<torch::nn::Module>());
    auto& layers = stages_.emplace_back();
    for (int64_t i = 1; i <= options.convolutions; ++i) {
      const nn::Conv::Shape shape{.dims = dims, .in = width_, .out = options.widths[stage]};
      width_ = shape.out;
      layers.push_back(
          {module->register_module("conv" + std::to_string(i), std::make_shared<nn::Conv>(shape)),
           module->register_module("bn" + std::to_string(i),
                                   std::make_shared<nn::Norm>(options.norm, width_))});
    }
  }
}

at::Tensor ConvNet::tokens(const at::Tensor& image) {
  at::Tensor x = image;
  for (const auto& stage : stages_) {
    for (const auto& layer : stage) x = layer.norm->forward(layer.convolution->forward(x)).relu();
    // Rounding up keeps an axis of one voxel alive.
    x = x.dim() == 5 ? at::max_pool3d(x, 2, 2, 0, 1, true) : at::max_pool2d(x, 2, 2, 0, 1, true);
  }
  return x.flatten(2).transpose(1, 2);
}

}  // namespace photo51::backbones

#include "backbones/cnn/segresnet_block.hpp"

#include "backbones/default_conv.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::backbones {

SegResNetConv::SegResNetConv(const nn::Conv::Shape& shape)
    : conv_(register_module("conv", make_default_conv(shape))) {}

SegResNetBlock::SegResNetBlock(int64_t dims, int64_t channels, const std::string& norm) {
  const nn::Conv::Shape shape{.dims = dims, .in = channels, .out = channels};
  norm1_ = register_module("norm1", nn::make_norm(norm, channels));
  norm2_ = register_module("norm2", nn::make_norm(norm, channels));
  conv1_ = register_module("conv1", std::make_shared<SegResNetConv>(shape));
  conv2_ = register_module("conv2", std::make_shared<SegResNetConv>(shape));
}

at::Tensor SegResNetBlock::forward(const at::Tensor& x) {
  const at::Tensor hidden = conv1_->forward(norm1_->forward(x, {.slope = 0}));
  const at::Tensor y = conv2_->forward(norm2_->forward(hidden, {.slope = 0})) + x;
  nn::report(*this, x, y);
  return y;
}

}  // namespace photo51::backbones

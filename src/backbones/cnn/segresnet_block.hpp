#pragma once
/// What encoder and decoder of SegResNet are made of.

#include <torch/nn/module.h>

#include <memory>
#include <string>

#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/norm.hpp"

namespace photo51::backbones {

/// MONAI's block of a convolution, whose parameters are those of its `conv`.
class SegResNetConv : public torch::nn::Module {
 public:
  explicit SegResNetConv(const nn::Conv::Shape& shape);
  at::Tensor forward(const at::Tensor& x) { return conv_->forward(x); }

 private:
  std::shared_ptr<nn::Conv> conv_;
};

/// Norm, ReLU and convolution, twice, and a shortcut.
class SegResNetBlock : public torch::nn::Module {
 public:
  SegResNetBlock(int64_t dims, int64_t channels, const std::string& norm);
  at::Tensor forward(const at::Tensor& x);

 private:
  std::shared_ptr<nn::Norm> norm1_, norm2_;
  std::shared_ptr<SegResNetConv> conv1_, conv2_;
};

}  // namespace photo51::backbones

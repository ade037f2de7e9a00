#pragma once
/// What encoder and decoder of BasicUNet are made of.

#include <torch/nn/module.h>

#include <memory>
#include <string>

#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/nn/layers/dropout.hpp"

namespace photo51::backbones {

struct BasicUnetConvShape {
  int64_t dims = 3, in = 1, out = 1;
  std::string norm = "instance";
  bool bias = true;
  double dropout = 0;
};

/// A convolution `conv` and what MONAI collects as `adn`: norm `N`, dropout `D`, activation.
class BasicUnetConv : public torch::nn::Module {
 public:
  explicit BasicUnetConv(const BasicUnetConvShape& shape);
  at::Tensor forward(const at::Tensor& x);

 private:
  bool drops_;
  std::shared_ptr<nn::Conv> conv_;
  std::shared_ptr<nn::Norm> norm_;
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace photo51::backbones

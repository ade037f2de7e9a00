#pragma once
/// What pools make of each instance before they look at the bag: ReLU(W f + b), with dropout in training.

#include <torch/nn/module.h>

#include <memory>

#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::backbones {

/// Registered in `parent` as `fc` and `dropout`. Of a width of 0 it has no layer.
class InstanceEmbedding {
 public:
  InstanceEmbedding(torch::nn::Module& parent, int64_t in, int64_t width, double dropout = 0,
                    bool with_bias = true)
      : width_(width > 0 ? width : in),
        dropout_(parent.register_module("dropout", std::make_shared<nn::Dropout>(dropout))) {
    if (width > 0) fc_ = parent.register_module("fc", std::make_shared<nn::Linear>(in, width, with_bias));
  }
  at::Tensor forward(const at::Tensor& x) const {
    return fc_ ? dropout_->forward(fc_->forward(x).relu()) : x;
  }
  int64_t width() const { return width_; }

 private:
  int64_t width_;
  std::shared_ptr<nn::Dropout> dropout_;
  std::shared_ptr<nn::Linear> fc_;  ///< null without
};

}  // namespace photo51::backbones

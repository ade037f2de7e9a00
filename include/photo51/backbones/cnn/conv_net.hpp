#pragma once
/// A plain stack of stages (convolution, norm, ReLU, ..., max pool by 2), for cohorts of tens of patients.

#include <memory>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/layers.hpp"

namespace photo51::backbones {

class ConvNet : public Backbone {
 public:
  ConvNet(const ConvNetOptions& options, int64_t dims, int64_t channels);
  at::Tensor tokens(const at::Tensor& image) override;
  int64_t width() const override { return width_; }

 private:
  struct Layer {
    std::shared_ptr<nn::Conv> convolution;
    std::shared_ptr<nn::Norm> norm;
  };
  int64_t width_ = 0;
  std::vector<std::vector<Layer>> stages_;
};

}  // namespace photo51::backbones

#include "photo51/nn/layers/cbam.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <torch/nn/module.h>

#include <numeric>
#include <vector>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/conv_norm.hpp"

namespace photo51::nn {

Cbam::Cbam(int64_t dims, int64_t channels, int64_t hidden, int64_t kernel) {
  const auto conv = [dims](int64_t in, int64_t out, int64_t edge) {
    return std::make_shared<Conv>(Conv::Shape{.dims = dims, .in = in, .out = out, .kernel = edge});
  };
  channel_ = register_module("channel", std::make_shared<torch::nn::Module>());
  squeeze_ = channel_->register_module("fc1", conv(channels, hidden, 1));
  excite_ = channel_->register_module("fc2", conv(hidden, channels, 1));
  spatial_ = register_module("spatial", std::make_shared<torch::nn::Module>());
  auto inner = spatial_->register_module("conv", std::make_shared<torch::nn::Module>());
  places_ = inner->register_module("conv", conv(2, 1, kernel));
  norm_ = inner->register_module("bn", std::make_shared<BatchNorm>(1));
}

at::Tensor Cbam::forward(const at::Tensor& x) const {
  std::vector<int64_t> places(static_cast<size_t>(x.dim() - 2));
  std::iota(places.begin(), places.end(), 2);
  const auto gate = [this](const at::Tensor& of_channels) {
    return excite_->forward(squeeze_->forward(of_channels).relu_());
  };
  const at::Tensor scaled = x * (gate(x.mean(places, true)) + gate(x.amax(places, true))).sigmoid();
  report(*channel_, x, scaled);
  const at::Tensor maps = at::cat({scaled.mean(1, true), scaled.amax(1, true)}, 1);
  const at::Tensor y = scaled * conv_norm(*places_, *norm_, maps).sigmoid();
  report(*spatial_, scaled, y);
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn

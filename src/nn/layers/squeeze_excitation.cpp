#include "photo51/nn/layers/squeeze_excitation.hpp"

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {

SqueezeExcitation::SqueezeExcitation(int64_t dims, int64_t channels, int64_t hidden) {
  const auto matrix = [dims](int64_t in, int64_t out) {
    return std::make_shared<Conv>(Conv::Shape{.dims = dims, .in = in, .out = out, .kernel = 1, .bias = true});
  };
  squeeze_ = register_module("fc1", matrix(channels, hidden));
  excite_ = register_module("fc2", matrix(hidden, channels));
}

at::Tensor SqueezeExcitation::forward(const at::Tensor& x) const {
  std::vector<int64_t> places(static_cast<size_t>(x.dim() - 2));
  std::iota(places.begin(), places.end(), 2);
  const at::Tensor mean = x.mean(places, true);
  const at::Tensor y = x * excite_->forward(squeeze_->forward(mean).relu_()).sigmoid();
  report(*this, x, y);
  return y;
}

int64_t reduced_channels(int64_t channels, int64_t divisor) {
  return std::max(divisor, (channels + 8 * divisor) / (16 * divisor) * divisor);
}

}  // namespace photo51::nn

#include "photo51/nn/layers/continuous_position_bias.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <utility>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/relative_position_bias.hpp"

namespace photo51::nn {

ContinuousPositionBias::ContinuousPositionBias(int64_t heads, std::vector<int64_t> window,
                                               std::vector<int64_t> trained)
    : window_(std::move(window)), trained_(std::move(trained)) {
  constexpr int64_t width = 512;
  hidden_ = register_module("0", std::make_shared<Linear>(static_cast<int64_t>(window_.size()), width));
  out_ = register_module("2", std::make_shared<Linear>(width, heads, false));
  if (SkipInit::active()) return;
  const at::NoGradGuard no_grad;
  hidden_->weight.normal_(0, 0.02);
  hidden_->bias.zero_();
  out_->weight.normal_(0, 0.02);
}

at::Tensor ContinuousPositionBias::coordinates(const at::Device& device) const {
  std::vector<at::Tensor> axes;
  for (size_t axis = 0; axis < window_.size(); ++axis) {
    const auto options = at::TensorOptions(device).dtype(at::kFloat);
    const at::Tensor scaled = at::arange(1 - window_[axis], window_[axis], options) /
                              static_cast<double>(std::max<int64_t>(trained_[axis] - 1, 1)) * 8;
    axes.push_back(scaled.sign() * (scaled.abs() + 1).log2() / 3);
  }
  return at::stack(at::meshgrid(axes, "ij"), -1).unsqueeze(0);
}

at::Tensor ContinuousPositionBias::forward() const {
  // Single precision whatever the weights are, as in other libraries, whose table it is.
  const at::Tensor places = coordinates(hidden_->weight.device()).to(hidden_->weight.scalar_type());
  const at::Tensor rows = out_->forward(hidden_->forward(places).relu()).flatten(0, -2);
  const at::Tensor y = relative_position_bias(16 * rows.sigmoid(), window_);
  report(*this, places, y);
  return y;
}

}  // namespace photo51::nn

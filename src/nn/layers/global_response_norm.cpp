#include "photo51/nn/layers/global_response_norm.hpp"

#include <torch/nn/module.h>

#include <utility>
#include <vector>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::nn {

GlobalResponseNorm::GlobalResponseNorm(int64_t channels, int64_t channel_dim, double epsilon)
    : channel_dim_(channel_dim), epsilon_(epsilon) {
  weight = register_parameter("weight", make_tensor({channels}, fill_zeros));
  bias = register_parameter("bias", make_tensor({channels}, fill_zeros));
}

GlobalResponseNorm::GlobalResponseNorm(at::Tensor registered_weight, at::Tensor registered_bias,
                                       int64_t channel_dim, double epsilon)
    : weight(std::move(registered_weight)),
      bias(std::move(registered_bias)),
      channel_dim_(channel_dim),
      epsilon_(epsilon) {}

at::Tensor GlobalResponseNorm::forward(const at::Tensor& x) const {
  const int64_t channel_axis = channel_dim_ < 0 ? x.dim() + channel_dim_ : channel_dim_;
  std::vector<int64_t> places, sizes(static_cast<size_t>(x.dim()), 1);
  for (int64_t axis = 1; axis < x.dim(); ++axis)
    if (axis != channel_axis) places.push_back(axis);
  sizes[static_cast<size_t>(channel_axis)] = weight.numel();
  const at::Tensor length = at::linalg_vector_norm(x, 2, places, true);
  const at::Tensor share = length / (length.mean(channel_axis, true) + epsilon_);
  const at::Tensor y = x + x * share * weight.view(sizes) + bias.view(sizes);
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn

#include "photo51/nn/layers/group_norm.hpp"

#include <torch/nn/module.h>

#include <algorithm>

namespace photo51::nn {

GroupNorm::GroupNorm(int64_t channels, double epsilon, int64_t most_groups)
    : Norm(channels, epsilon), groups_(std::min(most_groups, channels)) {
  while (channels % groups_ != 0) --groups_;
}

at::Tensor GroupNorm::normalize(const at::Tensor& x) {
  return at::group_norm(x, groups_, weight, bias, epsilon_);
}

}  // namespace photo51::nn

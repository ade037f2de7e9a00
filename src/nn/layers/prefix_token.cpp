#include "photo51/nn/layers/prefix_token.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {

at::Tensor PrefixToken::forward(const at::Tensor& tokens) const {
  const at::Tensor y = at::cat({values_.expand({tokens.size(0), -1, -1}), tokens}, 1);
  report(*this, tokens, y);
  return y;
}

}  // namespace photo51::nn

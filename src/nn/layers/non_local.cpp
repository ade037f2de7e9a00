#include "photo51/nn/layers/non_local.hpp"

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/conv_norm.hpp"

namespace photo51::nn {

NonLocal::NonLocal(int64_t dims, int64_t channels, int64_t inner, const std::string& norm) {
  const auto conv = [dims](int64_t in, int64_t out) {
    return std::make_shared<Conv>(Conv::Shape{.dims = dims, .in = in, .out = out, .kernel = 1, .bias = true});
  };
  query_ = register_module("t", conv(channels, inner));
  key_ = register_module("p", conv(channels, inner));
  value_ = register_module("g", conv(channels, inner));
  attention_ = register_module("attention", std::make_shared<ScaledDotProduct>());
  out_ = register_module("z", conv(inner, channels));
  norm_ = register_module("norm", make_norm(norm, channels));
  if (SkipInit::active()) return;
  const at::NoGradGuard no_grad;
  norm_->weight.zero_();
}

at::Tensor NonLocal::forward(const at::Tensor& x) const {
  // [B, 1 head, N, d]
  const auto places = [&](const Conv& conv) {
    return conv.forward(x).flatten(2).transpose(1, 2).unsqueeze(1);
  };
  const at::Tensor mixed = attention_->forward(places(*query_), places(*key_), places(*value_));
  const at::Tensor map = mixed.squeeze(1).transpose(1, 2).unflatten(2, x.sizes().slice(2));
  const at::Tensor y = conv_norm(*out_, *norm_, map, {.residual = x});
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn

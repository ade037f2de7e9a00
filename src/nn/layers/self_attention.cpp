#include "photo51/nn/layers/self_attention.hpp"

#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::nn {

SelfAttention::SelfAttention(int64_t width, int64_t heads, double dropout) : heads_(heads) {
  if (heads < 1 || width % heads != 0)
    core::fail_usage("the heads of an attention (" + std::to_string(heads) + ") must divide its width (" +
                     std::to_string(width) + ")");
  weight = register_parameter("in_proj_weight", make_tensor({3 * width, width}, fill_xavier_uniform));
  bias = register_parameter("in_proj_bias", make_tensor({3 * width}, fill_zeros));
  in_ = register_module("in_proj", std::make_shared<torch::nn::Module>());
  attention_ = register_module("attention", std::make_shared<ScaledDotProduct>(dropout));
  out_ = register_module("out_proj", std::make_shared<Linear>(width, width));
  if (!SkipInit::active()) {
    const at::NoGradGuard no_grad;
    out_->bias.zero_();
  }
}

at::Tensor SelfAttention::forward(const at::Tensor& x) {
  const int64_t batch = x.size(0), length = x.size(1), width = x.size(2);
  const at::Tensor projected = adapted(x, at::linear(x, weight, bias));
  report(*in_, x, projected);
  const auto parts =
      projected.view({batch, length, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4}).unbind(0);
  const at::Tensor mixed = attention_->forward(parts[0], parts[1], parts[2]);
  const at::Tensor y = out_->forward(mixed.transpose(1, 2).reshape({batch, length, width}));
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn

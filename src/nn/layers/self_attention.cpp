#include "photo51/nn/layers/self_attention.hpp"

#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::nn {

SelfAttention::SelfAttention(const SelfAttentionOptions& options) : heads_(options.heads) {
  const int64_t width = options.width;
  if (heads_ < 1 || width % heads_ != 0)
    core::fail_usage("the heads of an attention (" + std::to_string(heads_) + ") must divide its width (" +
                     std::to_string(width) + ")");
  weight = register_parameter("in_proj_weight", make_tensor({3 * width, width}, fill_xavier_uniform));
  if (options.bias == QkvBias::all)
    bias = register_parameter("in_proj_bias", make_tensor({3 * width}, fill_zeros));
  if (options.bias == QkvBias::query_value) {
    query_bias_ = register_parameter("q_bias", make_tensor({width}, fill_zeros));
    value_bias_ = register_parameter("v_bias", make_tensor({width}, fill_zeros));
  }
  in_ = register_module("in_proj", std::make_shared<torch::nn::Module>());
  if (options.qk_norm) {
    const auto make = [&] { return std::make_shared<LayerNorm>(width / heads_, options.norm_epsilon); };
    query_norm_ = register_module("q_norm", make());
    key_norm_ = register_module("k_norm", make());
  }
  attention_ = register_module("attention", std::make_shared<ScaledDotProduct>(options.dropout));
  out_ = register_module("out_proj", std::make_shared<Linear>(width, width));
  if (!SkipInit::active()) {
    const at::NoGradGuard no_grad;
    out_->bias.zero_();
  }
}

at::Tensor SelfAttention::whole_bias() const {
  return query_bias_.defined() ? at::cat({query_bias_, at::zeros_like(query_bias_), value_bias_}) : bias;
}

at::Tensor SelfAttention::forward(const at::Tensor& x, const Rotation* rotation) {
  const int64_t batch = x.size(0), length = x.size(1), width = x.size(2);
  const at::Tensor projected = product(x, whole_bias());
  report(*in_, x, projected);
  const auto parts =
      projected.view({batch, length, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4}).unbind(0);
  at::Tensor query = parts[0], key = parts[1];
  if (query_norm_) {
    query = query_norm_->forward(query);
    key = key_norm_->forward(key);
  }
  if (rotation != nullptr) {
    query = rotation->apply(query);
    key = rotation->apply(key);
  }
  const at::Tensor mixed = attention_->forward(query, key, parts[2]);
  const at::Tensor y = out_->forward(mixed.transpose(1, 2).reshape({batch, length, width}));
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn

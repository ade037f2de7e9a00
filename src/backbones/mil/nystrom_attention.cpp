#include "backbones/mil/nystrom_attention.hpp"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <cmath>

namespace photo51::backbones {

NystromAttention::NystromAttention(const Shape& shape) : shape_(shape) {
  in_ = register_module("to_qkv", std::make_shared<nn::Linear>(shape.width, 3 * shape.width, false));
  const auto out = register_module("to_out", std::make_shared<torch::nn::Module>());
  out_ = out->register_module("0", std::make_shared<nn::Linear>(shape.width, shape.width));
  residual_ = register_module(
      "res_conv",
      std::make_shared<nn::Conv>(nn::ConvShape{
          .dims = 2, .in = shape.heads, .out = shape.heads, .kernel = {33, 1}, .groups = shape.heads}));
  dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(shape.dropout));
}

at::Tensor NystromAttention::landmarks_of(const at::Tensor& tokens, int64_t run) const {
  return tokens.view({shape_.heads, shape_.landmarks, -1, tokens.size(2)}).sum(2) / run;
}

at::Tensor NystromAttention::pseudo_inverse(const at::Tensor& attention) const {
  const at::Tensor size = attention.abs();
  at::Tensor inverse = attention.transpose(1, 2) / (size.sum(2).max() * size.sum(1).max());
  const at::Tensor one = at::eye(attention.size(1), attention.options().requires_grad(false));
  for (int64_t step = 0; step < shape_.pinv_iterations; ++step) {
    const at::Tensor product = at::matmul(attention, inverse);
    const at::Tensor inner = 15 * one - at::matmul(product, 7 * one - product);
    inverse = 0.25 * at::matmul(inverse, 13 * one - at::matmul(product, inner));
  }
  return inverse;
}

at::Tensor NystromAttention::forward(const at::Tensor& x, at::Tensor* first) {
  const int64_t count = x.size(0), run = (count + shape_.landmarks - 1) / shape_.landmarks;
  const int64_t padded = run * shape_.landmarks;
  const at::Tensor projected = in_->forward(x);
  at::Tensor mixed;
  {
    // The iteration needs more digits than autocast leaves.
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const at::ScalarType type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const at::Tensor whole = at::constant_pad_nd(projected.to(type), {0, 0, padded - count, 0});
    const auto parts = whole.view({padded, 3, shape_.heads, -1}).permute({1, 2, 0, 3}).unbind(0);
    const at::Tensor query = parts[0].contiguous() / std::sqrt(static_cast<double>(parts[0].size(2)));
    const at::Tensor key = parts[1].contiguous(), value = parts[2].contiguous();
    const at::Tensor few_queries = landmarks_of(query, run), few_keys = landmarks_of(key, run);
    const auto softmax_of = [](const at::Tensor& a, const at::Tensor& b) {
      return at::matmul(a, b.transpose(1, 2)).softmax(2);
    };
    const at::Tensor to_few = softmax_of(query, few_keys);  // [heads, padded, landmarks]
    const at::Tensor inverse = pseudo_inverse(softmax_of(few_queries, few_keys));
    const at::Tensor from_few = softmax_of(few_queries, key);  // [heads, landmarks, padded]
    mixed = at::matmul(at::matmul(to_few, inverse), at::matmul(from_few, value));
    if (first != nullptr) {
      const at::NoGradGuard no_grad;
      const at::Tensor row = to_few.narrow(1, padded - count, 1);
      *first = at::matmul(at::matmul(row, inverse), from_few).mean(0).squeeze(0).slice(0, padded - count);
    }
    mixed = mixed + residual_->forward(value.unsqueeze(0)).squeeze(0);
  }
  const at::Tensor joined = mixed.transpose(0, 1).reshape({padded, shape_.width});
  return dropout_->forward(out_->forward(joined.slice(0, padded - count)));
}

}  // namespace photo51::backbones
